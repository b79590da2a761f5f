import { Option } from "commander";

/** The flag that chooses how data is written: `text` unless asked otherwise. */
export function formatFlag(...others: readonly string[]): Option {
  return new Option("--format <format>", "How the data is written.")
    .choices(["text", "json", ...others])
    .default("text");
}

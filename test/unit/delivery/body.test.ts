import { describe, expect, test } from "vitest";

import { renderBody, withoutTime } from "../../../src/delivery/body.ts";
import type { InformationEvent } from "../../../src/store/information-event.ts";
import type { DueWebhook, EventMessage } from "../../../src/store/outbox/outbox.ts";
import { timed } from "../../support/processor-time.ts";
const message: EventMessage = {
  event: "AuthFailure",
  message: `The "token" is\n<not> accepted & so on.`,
  reason: null,
  path: "/api/custom/status",
  origin: "10.0.0.1",
  key: "internal",
  definition: "status",
  time: "2026-01-01T00:00:00.000Z",
  information: null,
};

describe("without a template", () => {
  test("the body is JSON with the fields of the event", () => {
    const body = renderBody(webhook(), message);

    expect(body?.contentType).toBe("application/json");
    expect(JSON.parse(body?.content ?? "")).toEqual({
      event: "AuthFailure",
      message: message.message,
      path: "/api/custom/status",
      origin: "10.0.0.1",
      key: "internal",
      definition: "status",
      time: "2026-01-01T00:00:00.000Z",
    });
  });

  test("an information event is there as a whole", () => {
    const information = { id: 7, action: "added", actor: { name: "John Doe" } } as InformationEvent;

    const body = renderBody(webhook(), { ...message, event: "InformationEvent", information });

    expect(JSON.parse(body?.content ?? "")).toMatchObject({ event: "InformationEvent", information });
  });

  test("GET has no body", () => {
    expect(renderBody(webhook({ method: "GET" }), message)?.content).toBeNull();
  });
});

describe("with a template", () => {
  test.each([
    ["names of our own", `{{event}} {{ definition }} {{-key-}}`, "AuthFailure status internal"],
    [
      "names of the Dashboard API's gateway",
      "{{.Type}} {{.Meta.Path}} {{ .Meta.Origin }} {{.Meta.Key}} {{.TimeStamp}}",
      "AuthFailure /api/custom/status 10.0.0.1 internal 2026-01-01T00:00:00.000Z",
    ],
    ["what is null", "[{{reason}}{{.Meta.Reason}}{{information.id}}]", "[]"],
    [
      "what is unknown",
      "[{{nothing}}{{.Meta.OriginatingRequest}}{{if x}}{{constructor}}{{__proto__}}]",
      "[]",
    ],
    ["braces that are none", "{event} {{{event}}} {{}} {{a", "{event} {AuthFailure}  {{a"],
  ])("%s are filled in", (_what, text, expected) => {
    expect(templated("a.txt", text)).toEqual({ content: expected, contentType: "text/plain; charset=utf-8" });
  });

  test("texts can't end what they stand in: JSON", () => {
    const body = templated("a.json", `{"text":"{{message}}","all":{{information}}}`, {
      information: { id: 7 } as InformationEvent,
    });

    expect(body?.contentType).toBe("application/json");
    expect(JSON.parse(body?.content ?? "")).toEqual({ text: message.message, all: { id: 7 } });
  });

  test.each([
    ["a.xml", {}, "application/xml", "The &quot;token&quot; is\n&lt;not&gt; accepted &amp; so on."],
    ["a.html", {}, "text/html; charset=utf-8", "The &quot;token&quot; is\n&lt;not&gt; accepted &amp; so on."],
    [
      "a.txt",
      { "Content-Type": "application/x-www-form-urlencoded" },
      "application/x-www-form-urlencoded",
      "The%20%22token%22%20is%0A%3Cnot%3E%20accepted%20%26%20so%20on.",
    ],
    [
      "a.txt",
      { "content-type": "application/json" },
      "application/json",
      `The \\"token\\" is\\n<not> accepted & so on.`,
    ],
    ["a.json", { "Content-Type": "text/plain" }, "text/plain", message.message],
  ])("texts can't end what they stand in: %s %j", (path, headers, contentType, content) => {
    expect(templated(path, "{{message}}", {}, headers)).toEqual({ content, contentType });
  });

  test("a body beyond a mebibyte is none", () => {
    const text = "{{message}}".repeat(90_000);

    expect(renderBody(webhook({ template: { path: "a.txt", text } }), message)).toBeNull();
    expect(templated("a.txt", "x".repeat(1024 * 1024))?.content).toHaveLength(1024 * 1024);
    expect(templated("a.txt", "x".repeat(1024 * 1024 + 1))).toBeNull();
  });

  test("hostile templates take no time", () => {
    for (const text of ["{".repeat(1_000_000), "{{a".repeat(300_000), "{{ ".repeat(300_000)]) {
      const { result, took } = timed(() => templated("a.txt", text)?.content);
      expect(result).toBe(text);
      expect(took).toBeLessThan(1000);
    }
  });
});

test("without their time, messages that say the same have the same body", () => {
  const information = { id: 7, time: "2026-01-01T00:00:00.000Z" } as InformationEvent;
  const template = { path: "a.txt", text: "{{message}} {{time}} {{information.time}}" };
  const one = withoutTime({ ...message, information });
  const other = withoutTime({ ...message, time: "later", information: { ...information, time: "later" } });

  expect(renderBody(webhook({ template }), one)).toEqual(renderBody(webhook({ template }), other));
  expect(renderBody(webhook(), one)).toEqual(renderBody(webhook(), other));
});

function templated(
  path: string,
  text: string,
  changes: Partial<EventMessage> = {},
  headers: Record<string, string> = {},
) {
  return renderBody(webhook({ template: { path, text }, headers }), { ...message, ...changes });
}

function webhook(changes: Partial<DueWebhook> = {}): DueWebhook {
  return {
    id: "a",
    name: "audit",
    url: "http://127.0.0.1/",
    method: "POST",
    headers: {},
    timeout: 1000,
    template: null,
    ...changes,
  };
}

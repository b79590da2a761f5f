import { isDeepStrictEqual } from "node:util";

import { renderBody, withoutTime } from "../../../src/delivery/body.ts";
import type { Endpoint } from "../../../src/endpoint/endpoint.ts";
import type { ApiDefinitionSpec } from "../../../src/manifest/api-definition.generated.ts";
import type { DueWebhook, EventMessage } from "../../../src/store/outbox/outbox.ts";
import { changeRows } from "../change-rows.ts";
import { createReconciling, replyManifest } from "../reconciling.ts";
import { definition, feedOf, serve, state } from "../serving.ts";
import type { GatewayCase, Observed, Suite } from "./cases.ts";

/** What happens step by step. Undefined for facts of another kind. */
export async function observeSteps({ id }: Suite, fact: GatewayCase): Promise<Observed | undefined> {
  if (id === "hook.template") return observed(fact["out"], chosenTemplate(fact["in"] as TemplateInput));
  if (id === "hook.dedupe") return observed(true, saysTheSame());
  const [says, happens] = steps[id === "operator.bdd" ? (fact["step"] as string) : ""] ?? [];
  return happens && observed(says, await happens());
}

function observed(says: unknown, found: unknown): Observed {
  return { holds: isDeepStrictEqual(found, says), found };
}

const at: Partial<ApiDefinitionSpec> = { listenPath: "/httpbin-auth-test" };
const open = definition("it", { ...at, keyless: true });
const closed = definition("it", { ...at, tokens: ["internal"] });
const realIp = { "x-real-ip": "127.0.0.2" };

/** What each step leads to by the fact, and what it leads to here. */
const steps: Readonly<Record<string, readonly [says: unknown, happens: () => Promise<unknown>]>> = {
  "apply keyless definition": [200, () => statusOf([open])],
  "update the same definition to token auth": [401, () => statusOf([open], [closed])],
  "delete the definition": [404, () => statusOf([open], [])],
  "delete in the store first, then delete the manifest": [true, deletedTwice],
  "IP block list 127.0.0.2; request with X-Real-IP 127.0.0.2": [
    403,
    () => statusOf([listed("ipBlockList")], null, realIp),
  ],
  "IP allow list 127.0.0.2; request without the header": [
    { status: 403, field: "error" },
    async () => {
      const { status, body } = await answerTo([listed("ipAllowList")]);
      return { status, field: Object.keys(JSON.parse(body) as object)[0] };
    },
  ],
  "IP allow list 127.0.0.2; X-Real-IP 127.0.0.2": [
    200,
    () => statusOf([listed("ipAllowList")], null, realIp),
  ],
};

type Definitions = readonly ReturnType<typeof definition>[];

function listed(list: "ipAllowList" | "ipBlockList") {
  return definition("it", { ...at, keyless: true, [list]: { addresses: ["127.0.0.2"] } });
}

async function statusOf(...asked: Parameters<typeof answerTo>): Promise<number> {
  return (await answerTo(...asked)).status;
}

/** The answer under the first definitions, or under those that then replace them. */
async function answerTo(first: Definitions, then: Definitions | null = null, headers = {}) {
  const feed = feedOf(state(first));
  const endpoint = await serve(feed);
  try {
    if (then) {
      feed.set(state(then, { revision: 2 }));
      await serves(endpoint, 2);
    }
    const response = await fetch(`${endpoint.url}/httpbin-auth-test/get`, { headers });
    return { status: response.status, body: await response.text() };
  } finally {
    await endpoint.close();
  }
}

async function serves(endpoint: Endpoint, revision: number): Promise<void> {
  while (endpoint.servedRevision() !== revision) await new Promise(setImmediate);
}

/** Rows that somebody deleted are no obstacle when their manifest goes too. */
async function deletedTwice(): Promise<boolean> {
  const reconciling = await createReconciling();
  try {
    const { repository, store } = reconciling;
    const files = { "apis/a.yaml": replyManifest("a", "a"), "apis/b.yaml": replyManifest("b", "b") };
    await repository.commit({ files });
    await reconciling.pass();
    await changeRows(reconciling.databaseUrl, "delete from gitway.object_version where name = 'a'");
    await repository.commit({ files: { "apis/a.yaml": null } });
    await reconciling.pass();
    return (
      (await store.readSync())?.state === "synced" && (await store.objects("ApiDefinition")).length === 1
    );
  } finally {
    await reconciling.close();
  }
}

interface TemplateInput {
  readonly template_path: string;
}

const webhook: DueWebhook = {
  id: "00000000-0000-4000-8000-000000000000",
  name: "hook",
  url: "http://127.0.0.1:1",
  method: "POST",
  headers: {},
  timeout: 1000,
  template: null,
};

const message: EventMessage = {
  event: "AuthFailure",
  definition: "it",
  time: "2026-01-01T00:00:00.000Z",
  message: "A call was refused.",
  reason: null,
  path: "/it",
  origin: "127.0.0.1",
  key: null,
  information: null,
};

/** A template that the repository lacks is refused before anything is sent. */
function chosenTemplate({ template_path }: TemplateInput): string {
  if (template_path.startsWith("missing")) return "refused";
  const template = template_path === "" ? null : { path: "hook.txt", text: "custom" };
  return renderBody({ ...webhook, template }, message)?.content === "custom" ? "custom" : "default";
}

function saysTheSame(): boolean {
  const later = { ...message, time: "2026-01-02T00:00:00.000Z" };
  const [first, second] = [message, later].map((said) => renderBody(webhook, withoutTime(said))?.content);
  return first === second;
}

import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** An OpenAPI document, as far as tests look into it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** What a document says of the operations of an API, by `GET /api/apis/{id}`. */
export interface DocumentCheck {
  readonly operations: ReadonlyMap<string, Operation>;
  /** The operation that a request asks for, if there is one; of a path below `/api`. */
  operationOf(method: string, path: string): string | null;
  /** What of a request's body is not as the document says. */
  request(operation: string, body: unknown): unknown[];
  /** What of an answer is not as the document says. */
  answer(operation: string, status: number, type: string, body: unknown): unknown[];
}

/** Compares what is sent and answered with a document. */
export function checkAgainst(document: OpenApiDocument): DocumentCheck {
  const ajv = new Ajv2020({ allErrors: true, strict: false, formats: { "date-time": isTime } });
  ajv.addSchema({ ...document, $id: "document" });
  const compiled = new Map<string, ValidateFunction>();
  const operations = new Map<string, Operation>(
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    ),
  );
  const wrong = (operation: string, way: readonly string[], type: string, body: unknown): unknown[] => {
    const [method = "", path = ""] = operation.split(" ");
    const pointer = ["paths", path, method.toLowerCase(), ...way, "content", type, "schema"];
    const escaped = pointer.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
    const reference = `document#/${escaped.join("/")}`;
    const valid = compiled.get(reference) ?? ajv.compile({ $ref: reference });
    compiled.set(reference, valid);
    return valid(body) ? [] : (valid.errors ?? []);
  };
  const patterns = [...operations.keys()].map((operation) => {
    const source = operation.replaceAll(/[.]/g, "\\.").replaceAll(/\{\w+\}/g, "[^/]+");
    return [operation, new RegExp(`^${source}/?$`)] as const;
  });
  return {
    operations,
    operationOf: (method, path) => {
      const asked = `${method} /api${path.split("?", 1)[0]}`;
      return patterns.find(([, pattern]) => pattern.test(asked))?.[0] ?? null;
    },
    request: (operation, body) => wrong(operation, ["requestBody"], "application/json", body),
    answer: (operation, status, type, body) => {
      const { content = {} } = operations.get(operation)?.responses[status] ?? {};
      if (status === 304 && operations.get(operation)?.responses["304"]) return [];
      if (content[type]) return wrong(operation, ["responses", String(status)], type, body);
      return [`The document says nothing of a ${status} of the type ${type}`];
    },
  };
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";

import { schemas } from "../../schemas.generated.ts";
import { canonicalJson } from "../canonical.ts";
import type { Kind } from "../manifest.ts";
import { segmentsOf } from "../pointer.ts";

/** The parts of a JSON Schema that say what to write. */
export interface FieldSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: boolean | FieldSchema;
  readonly propertyNames?: FieldSchema;
  readonly items?: FieldSchema;
  readonly definitions?: Readonly<Record<string, FieldSchema>>;
}

const files: Record<Kind, string> = {
  ApiDefinition: "api-definition.schema.json",
  ApiToken: "api-token.schema.json",
  Webhook: "webhook.schema.json",
  User: "user.schema.json",
};

/**
 * Checks a document against the schema of its kind and fills in the defaults, in place. The errors are
 * those of ajv, all of them.
 */
export function checkSchema(kind: Kind, document: unknown): readonly ErrorObject[] {
  const validate = validatorOf(kind);
  return validate(document) ? [] : (validate.errors ?? []);
}

/** The schema of the field at a JSON pointer, references resolved; undefined when it is unknown. */
export function schemaAt(kind: Kind, pointer: string): FieldSchema | undefined {
  let file = files[kind];
  let schema: FieldSchema | undefined = schemas[file];
  for (const segment of segmentsOf(pointer)) {
    schema = childOf(schema, segment);
    for (let reference = schema?.$ref; schema && reference; reference = schema.$ref) {
      const [target, path] = reference.split("#");
      file = target || file;
      const { $ref: _, ...own }: FieldSchema = schema;
      const name = path?.replace("/definitions/", "") ?? "";
      schema = { ...(schemas[file] as FieldSchema).definitions?.[name], ...own };
    }
  }
  return schema;
}

function childOf(schema: FieldSchema | undefined, segment: string): FieldSchema | undefined {
  if (schema?.items) return schema.items;
  if (schema?.properties && Object.hasOwn(schema.properties, segment)) return schema.properties[segment];
  return typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

let ajv: Ajv | undefined;
const validators = new Map<Kind, ValidateFunction>();

function validatorOf(kind: Kind): ValidateFunction {
  const known = validators.get(kind);
  if (known) return known;
  ajv ??= newAjv();
  const validate = ajv.getSchema(files[kind]);
  if (!validate) throw new Error(`There is no schema ${files[kind]}.`);
  validators.set(kind, validate);
  return validate;
}

function newAjv(): Ajv {
  // The schemas are our own, and a test validates them: doing it at each start would cost more than the rest.
  const trusted = { meta: false, validateSchema: false } as const;
  const made = new Ajv({ ...trusted, allErrors: true, useDefaults: true, strict: true, strictTypes: false });
  // Ajv compares each item with each other one, which a hostile list turns into minutes.
  made.removeKeyword("uniqueItems");
  made.addKeyword({ keyword: "uniqueItems", type: "array", schemaType: "boolean", compile: uniqueItems });
  for (const file of ["common.schema.json", ...Object.values(files)]) made.addSchema(schemas[file] ?? {});
  return made;
}

function uniqueItems(unique: boolean): {
  (items: readonly unknown[]): boolean;
  errors?: Partial<ErrorObject>[];
} {
  const check: ReturnType<typeof uniqueItems> = (items) => {
    const seen = new Set<string>();
    const again = items.findIndex((item) => seen.size === seen.add(canonicalJson(item)).size);
    check.errors = [{ keyword: "uniqueItems", params: { index: again } }];
    return !unique || again === -1;
  };
  return check;
}

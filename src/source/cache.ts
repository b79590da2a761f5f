/** Values by key, of which those that were not asked for longest go first when there are too many. */
export interface Cache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** A cache whose values weigh at most so much together. What can't be had again does not belong here. */
export function createCache<Value>(most: number, weightOf: (value: Value) => number): Cache<Value> {
  const values = new Map<string, Value>();
  let weight = 0;

  function get(key: string): Value | undefined {
    const value = values.get(key);
    if (value === undefined) return undefined;
    values.delete(key);
    values.set(key, value);
    return value;
  }

  function set(key: string, value: Value): void {
    remove(key);
    values.set(key, value);
    weight += weightOf(value);
    for (const oldest of values.keys()) {
      if (weight <= most) break;
      remove(oldest);
    }
  }

  function remove(key: string): void {
    const value = values.get(key);
    if (value === undefined) return;
    values.delete(key);
    weight -= weightOf(value);
  }

  return { get, set };
}

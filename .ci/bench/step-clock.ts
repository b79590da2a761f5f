/** Says how long the methods of objects take, by name. */
export function createClock() {
  let steps = new Map<string, number>();

  /** The same object, with a clock on its methods. */
  function timed<T extends object>(name: string, target: T): T {
    return new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          const started = performance.now();
          try {
            return (await Reflect.apply(value, object, args)) as unknown;
          } finally {
            const step = `${name}.${String(key)}`;
            steps.set(step, (steps.get(step) ?? 0) + performance.now() - started);
          }
        };
      },
    });
  }

  /** What was taken since the last time, in milliseconds. */
  function read(): ReadonlyMap<string, number> {
    const last = steps;
    steps = new Map();
    return last;
  }

  return { timed, read };
}

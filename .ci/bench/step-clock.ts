/** Says how long the methods of objects take, by name, and how long any method of an object was running. */
export function createClock() {
  let steps = new Map<string, number>();
  let whole = new Map<string, number>();

  /** The same object, with a clock on its methods. */
  function timed<T extends object>(name: string, target: T): T {
    let running = 0;
    let since = 0;
    return new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          const started = performance.now();
          const result: unknown = Reflect.apply(value, object, args);
          if (!(result instanceof Promise)) return result;
          if (running++ === 0) since = started;
          return result.finally(() => {
            const ended = performance.now();
            add(steps, `${name}.${String(key)}`, ended - started);
            if (--running === 0) add(whole, name, ended - since);
          });
        };
      },
    });
  }

  /** What was taken since the last time, in milliseconds. */
  function read(): {
    readonly steps: ReadonlyMap<string, number>;
    readonly whole: ReadonlyMap<string, number>;
  } {
    const last = { steps, whole };
    [steps, whole] = [new Map(), new Map()];
    return last;
  }

  return { timed, read };
}

function add(to: Map<string, number>, name: string, milliseconds: number): void {
  to.set(name, (to.get(name) ?? 0) + milliseconds);
}

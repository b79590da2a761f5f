/** What a piece of work gave, and the milliseconds of processor time that it took, whatever else the machine does. */
export function timed<T>(work: () => T): { readonly result: T; readonly took: number } {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return { result, took: (user + system) / 1000 };
}

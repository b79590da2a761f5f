import { connect } from "node:net";

/**
 * A load generator: connections that are kept alive, one request at a time on each. It knows no more of HTTP
 * than it needs, so that it costs less than any server which it measures. Ends after some seconds or
 * answers, or when its standard input ends, and prints what it saw as JSON.
 */
const { port, connections, seconds, most, path, count, headers, watch } = JSON.parse(process.argv[2]);

const requests = Array.from({ length: count }, (_, index) => {
  const lines = [`GET ${path.replace("{i}", index)} HTTP/1.1`, "Host: bench.example.com", ...headers];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
});
const failures = new Map();
/** What was answered, by the revision that it is said to be from. */
const bodies = new Map();
let answered = 0;
let next = 0;
let longest = 0;
let over = false;

const open = Array.from({ length: connections }, openConnection);
const started = performance.now();
const load = performance.eventLoopUtilization();
setTimeout(finish, seconds * 1000);
process.stdin.once("end", finish).resume();

function openConnection() {
  const socket = connect(port, "127.0.0.1");
  let rest = "";
  let sentAt = 0;
  socket.setNoDelay();
  socket.setEncoding("latin1");
  socket.on("connect", send);
  socket.on("data", receive);
  socket.on("error", (error) => fail(error.code));
  socket.on("close", () => over || fail("closed"));
  return socket;

  function send() {
    sentAt = performance.now();
    socket.write(requests[next]);
    next = next + 1 === count ? 0 : next + 1;
  }

  function receive(chunk) {
    const text = rest + chunk;
    const end = text.indexOf("\r\n\r\n");
    const total = end < 0 ? Infinity : end + 4 + lengthOf(text);
    const whole = text.length >= total;
    rest = whole ? "" : text;
    if (!whole) return;
    answered++;
    longest = Math.max(longest, performance.now() - sentAt);
    if (!text.startsWith("HTTP/1.1 200 ") || text.length > total) fail(text.slice(0, text.indexOf("\r\n")));
    if (watch) note(text.slice(0, end), text.slice(end + 4));
    if (answered === most) finish();
    else if (!over) send();
  }
}

function lengthOf(text) {
  const match = /\r\ncontent-length: *(\d+)/i.exec(text);
  if (!match) throw new Error(`an answer without length: ${text}`);
  return Number(match[1]);
}

function note(head, body) {
  const revision = /\r\nx-gitway-revision: *(\d+)/i.exec(head)?.[1];
  const seen = bodies.get(revision) ?? new Map();
  seen.set(body, (seen.get(body) ?? 0) + 1);
  bodies.set(revision, seen);
}

function fail(what) {
  if (!over) failures.set(what, (failures.get(what) ?? 0) + 1);
}

function finish() {
  if (over) return;
  over = true;
  const elapsed = (performance.now() - started) / 1000;
  const result = {
    perSecond: answered / elapsed,
    answered,
    longest,
    busy: performance.eventLoopUtilization(load).utilization,
    failures: Object.fromEntries(failures),
    bodies: [...bodies].map(([revision, seen]) => ({ revision, bodies: Object.fromEntries(seen) })),
  };
  for (const socket of open) socket.destroy();
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

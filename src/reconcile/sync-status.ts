import { AppError, messageOf } from "../errors.ts";
import { countChanges } from "../plan/count-changes.ts";
import type { CurrentState, Plan } from "../plan/plan.ts";
import type { StayingObjects, SyncStatus } from "../store/store.ts";

interface Passed {
  readonly plan: Plan;
  readonly quarantined: SyncStatus["quarantined"];
  readonly held: SyncStatus["held"];
  /** The revision of the store after the pass. */
  readonly revision: number;
  readonly source: SyncStatus["source"];
  readonly at: Date;
}

/** The status after a pass that got through, in whole or with something held back. */
export function passedStatus(previous: SyncStatus | null, passed: Passed): SyncStatus {
  const { plan } = passed;
  const mark = { commit: plan.commit, revision: passed.revision, at: passed.at.toISOString() };
  const clean = plan.quarantined.length === 0 && plan.held.length === 0 && !plan.problems.some(isError);
  const state = clean ? "synced" : "degraded";
  return {
    source: passed.source,
    attempted: mark,
    applied: keepFirst(previous?.applied ?? null, mark),
    converged: clean ? keepFirst(previous?.converged ?? null, mark) : (previous?.converged ?? null),
    state,
    error: null,
    since: previous?.state === state ? previous.since : mark.at,
    quarantined: passed.quarantined,
    held: passed.held,
    problems: plan.problems,
  };
}

/** The status after a pass that saw changes and left them alone, because reconciling is suspended: the marks stay. */
export function suspendedStatus(
  previous: SyncStatus | null,
  { plan, source, quarantined, held, at }: Passed,
): SyncStatus {
  const { attempted = null, applied = null, converged = null } = previous ?? {};
  const { commit, problems } = plan;
  return {
    source,
    attempted,
    applied,
    converged,
    state: "suspended",
    error: null,
    since: previous?.state === "suspended" ? previous.since : at.toISOString(),
    quarantined,
    held,
    problems,
    waiting: { commit, ...countChanges(plan) },
  };
}

/** The status after a pass that could not read the source or write the store: what was live stays so. */
export function failedStatus(
  previous: SyncStatus | null,
  failed: {
    readonly source: SyncStatus["source"];
    readonly error: unknown;
    readonly current: CurrentState;
    readonly at: Date;
  },
): SyncStatus {
  const code = failed.error instanceof AppError ? failed.error.code : "bug";
  const same = previous?.state === "failed" && previous.error?.code === code;
  return {
    attempted: null,
    applied: null,
    converged: null,
    quarantined: [],
    held: [],
    problems: [],
    ...previous,
    source: previous?.source ?? failed.source,
    state: "failed",
    error: { code, message: messageOf(failed.error) },
    staying: stayingIn(failed.current),
    since: same ? previous.since : failed.at.toISOString(),
  };
}

/** More are counted only. */
const mostNamed = 20;

function stayingIn({ revision, objects }: CurrentState): StayingObjects {
  const named = objects.slice(0, mostNamed).map(({ kind, name }) => ({ kind, name }));
  return { revision, count: objects.length, objects: named };
}

/** A commit keeps the time at which it first got there. */
function keepFirst<Mark extends { commit: string; revision: number }>(before: Mark | null, mark: Mark): Mark {
  return before?.commit === mark.commit && before.revision === mark.revision ? before : mark;
}

function isError(problem: Plan["problems"][number]): boolean {
  return problem.severity === "error";
}

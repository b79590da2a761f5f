/** Milliseconds: after the first healing, at most, and after how long a peace all is forgotten. */
const first = 60_000;
const most = 60 * 60_000;
const peace = 24 * 60 * 60_000;

/** How an object that drifts has been healed so far. */
export interface Healing {
  /** How often in a row. */
  readonly heals: number;
  readonly healedAt: Date | null;
}

/**
 * Whether an object that drifted may be healed now. The first time at once; an object that drifts again
 * and again waits twice as long each time, up to an hour, so that whoever fights Gitway causes few events.
 */
export function isHealingDue({ heals, healedAt }: Healing, now: Date): boolean {
  if (healedAt === null || heals === 0) return true;
  return now.getTime() - healedAt.getTime() >= Math.min(first * 2 ** (heals - 1), most);
}

/** The count after one more healing; a day of peace forgets the ones before. */
export function countHealing({ heals, healedAt }: Healing, now: Date): number {
  if (healedAt !== null && now.getTime() - healedAt.getTime() >= peace) return 1;
  return heals + 1;
}

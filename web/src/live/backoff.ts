/** Full-jitter backoff: the first try comes at once, later ones are spread at random. */

const BASE_S = 0.5;
export const CAP_S = 15;

/** Seconds to wait before try number `attempt` (0 is the first). */
export function backoffS(attempt: number, random: () => number): number {
  if (attempt <= 0) return 0;
  return random() * Math.min(CAP_S, BASE_S * 2 ** attempt);
}

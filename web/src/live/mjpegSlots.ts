/**
 * Browsers open about six connections to one server over HTTP/1.1, and every running
 * multipart picture holds one. So only a few run at once; the others show still pictures.
 */
export class MjpegSlots {
  private readonly holders = new Set<symbol>();

  constructor(private readonly slots = 3) {}

  /** Whether `holder` has a slot from now on. */
  take(holder: symbol): boolean {
    if (this.holders.has(holder)) return true;
    if (this.holders.size >= this.slots) return false;
    this.holders.add(holder);
    return true;
  }

  release(holder: symbol): void {
    this.holders.delete(holder);
  }
}

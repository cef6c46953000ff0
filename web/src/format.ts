/** How times, sizes and rates are written. Times are the viewer's own local time. */

const dateTime = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const shortClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

const written = (format: Intl.DateTimeFormat, moment: Date): string =>
  Number.isNaN(moment.getTime()) ? "–" : format.format(moment);

export const formatDateTime = (moment: Date | string): string =>
  written(dateTime, new Date(moment));
export const formatClock = (moment: Date | string | number): string =>
  written(clock, new Date(moment));
export const formatShortClock = (moment: Date | number): string =>
  written(shortClock, new Date(moment));

/** 3 725 s → "1 h 2 min", 75 s → "1 min 15 s", 4.2 s → "4.2 s". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/** "20 GB"; decimal, as disks are sold. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return "–";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${value.toFixed(value < 10 && step > 0 ? 1 : 0)} ${units[step]}`;
}

/** Bits per second, decimal: 2 340 000 → "2.3 Mb/s". */
export function formatBitrate(bps: number): string {
  if (!Number.isFinite(bps) || bps <= 0) return "–";
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mb/s` : `${Math.round(bps / 1e3)} kb/s`;
}

/** Days: 0.4 → "10 h", 3.2 → "3.2 days", 45.6 → "46 days". */
export function formatDays(days: number): string {
  if (!Number.isFinite(days) || days < 0) return "–";
  if (days < 2) return `${Math.round(days * 24)} h`;
  return `${days < 10 ? days.toFixed(1) : Math.round(days)} days`;
}

export const formatCount = (value: number): string => value.toLocaleString("en-GB");

/** Local calendar day as the date input wants it: "2026-03-01". */
export function formatDay(moment: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

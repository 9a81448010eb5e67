/** Lengths and moments of a session as digits. */

/** Seconds of a session as `m:ss`, from an hour on as `h:mm:ss`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`;
}

/** A number of the language, with so many digits after the point. */
export function decimal(value: number, language: string, digits = 2): string {
  const text = value.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // A hyphen is no minus, and is easily missed.
  return text.replace('-', '\u2212');
}

/** A day and time of the language, from seconds since 1970. */
export function moment(seconds: number, language: string): string {
  return new Date(seconds * 1000).toLocaleString(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
}

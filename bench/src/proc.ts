import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of Linux: the unit of times in /proc/<pid>/stat, 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

interface ProcStat {
  readonly parent: number;
  /** Seconds of CPU of the process itself, user and system. */
  readonly own: number;
  /** Seconds of CPU of its children that have ended and were waited for. */
  readonly reaped: number;
}

function procStat(pid: number): ProcStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces: what follows its end is regular.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (field: number) => Number(fields[field - 3]) / TICKS_PER_SECOND;
    return { parent: Number(fields[1]), own: ticks(14) + ticks(15), reaped: ticks(16) + ticks(17) };
  } catch {
    return undefined; // gone, or not Linux
  }
}

/** Seconds of CPU that a process has used so far; NaN where /proc does not tell. */
export function cpuSeconds(pid: number): number {
  return procStat(pid)?.own ?? Number.NaN;
}

/** Seconds of CPU of a process, its living children and those that have ended: what a whole PostgreSQL server used. */
export function familyCpuSeconds(pid: number): number {
  for (;;) {
    const head = procStat(pid);
    if (!head) return Number.NaN;
    let sum = head.own + head.reaped;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const stat = procStat(Number(name));
      if (stat?.parent === pid) sum += stat.own;
    }
    // A child that was reaped while we looked would be missed.
    if (procStat(pid)?.reaped === head.reaped) return sum;
  }
}

export function parentOf(pid: number): number | undefined {
  return procStat(pid)?.parent;
}

/** The program's name as the kernel keeps it (15 characters). */
export function programOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Resident memory of a process now, in MiB. */
export function rssMiB(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kib) / 102.4) / 10;
  } catch {
    return Number.NaN;
  }
}

/** CPU seconds used by each named source between its making and `used()`, to the hundredth. */
export class CpuMeter {
  readonly #before = new Map<string, number>();

  constructor(readonly sources: Readonly<Record<string, () => number>>) {
    for (const [name, read] of Object.entries(sources)) this.#before.set(name, read());
  }

  used(): Record<string, number> {
    const used: Record<string, number> = {};
    for (const [name, read] of Object.entries(this.sources)) {
      used[name] = Math.round((read() - this.#before.get(name)!) * 100) / 100;
    }
    return used;
  }
}

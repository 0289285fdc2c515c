import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Of Linux, where `getconf` cannot be asked. */
const ticksPerSecond = 100;
let ticks: number | undefined;

/** Seconds of CPU time that a process has used, in all its threads. Linux only. */
export function readCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the process, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / readTicks();
}

/** Seconds of CPU time that all processes of the machine have used, on all cores. Linux only. */
export function readMachineCpuSeconds(): number {
  const [, ...times] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/ +/) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = times.map(Number);
  return (user + nice + system + irq + softIrq) / readTicks();
}

function readTicks(): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || ticksPerSecond;
  return ticks;
}

/** The most memory that a process ever held, in MiB. Linux only. */
export function readPeakMemoryMib(pid: number): number {
  return readStatusMib(pid, 'VmHWM');
}

/** What it holds now. */
export function readMemoryMib(pid: number): number {
  return readStatusMib(pid, 'VmRSS');
}

function readStatusMib(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1_024;
}

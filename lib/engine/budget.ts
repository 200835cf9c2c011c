import { counted } from '../model/counted.ts'
import type { Batch } from './batches.ts'
import type { RunState } from './state.ts'

/** Ends a play for all hosts of a batch when more have failed than it allows. */
export function endWhenSpent(batch: Batch, { lost, options }: RunState): void {
  const { anyErrorsFatal, maxFailPercentage } = batch.play.play.options
  const { hosts, play, rest } = batch
  if (batch.stopped || (!anyErrorsFatal && maxFailPercentage === undefined)) return
  const failed = hosts.filter(({ name }) => lost.has(name)).length
  // That all have failed is told of every play.
  if (failed === 0 || failed === hosts.length) return
  const reason = anyErrorsFatal
    ? 'a host failed, and any failure is fatal to this play'
    : maxFailPercentage !== undefined && failed * 100 > maxFailPercentage * hosts.length
      ? `${failed} of ${hosts.length} hosts failed, more than ${maxFailPercentage} %`
      : undefined
  if (!reason) return
  options.emit({ type: 'play-stopped', play: play.play.name, reason: `${reason}${notStarted(rest)}` })
  batch.stop()
}

/** Does the play go on behind this batch? Not when it was stopped, nor when all hosts have failed, which is said. */
export function goesOn(batch: Batch, playsAfter: number, { lost, over, options }: RunState): boolean {
  if (batch.stopped) return false
  if (batch.hosts.some(({ name }) => !lost.has(name))) return true
  const whole = batch.play.hosts.every(({ name }) => lost.has(name))
  const reason =
    batch.rest > 0
      ? `every host of the batch failed${notStarted(batch.rest)}`
      : playsAfter > 0
        ? `every host of the ${whole ? 'play' : 'last batch'} failed: the plays after it were not started`
        : undefined
  if (reason && !over) options.emit({ type: 'play-stopped', play: batch.play.play.name, reason })
  return false
}

function notStarted(hosts: number): string {
  return hosts === 0 ? '' : `: ${counted(hosts, 'host was', 'hosts were')} not started`
}

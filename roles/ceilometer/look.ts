import { inWords } from '../openstack/look/finding.ts'
import type { Behind, ByFamily } from '../openstack/release.ts'

/** What a sample takes ceilometer-dbsync 2014.1.5: it writes a row for each key of its metadata (020, measured). */
const perSample = 0.014

/** F@5.0 ceilometer/manifests/params.pp:24-54. */
const evaluator: ByFamily = { redhat: 'openstack-ceilometer-alarm-evaluator', debian: 'ceilometer-alarm-evaluator' }

/**
 * What stays behind with ceilometer, and what that means. MOS 5.0 keeps samples and alarms in MongoDB (F@5.0
 * osnailyfacter/manifests/cluster_simple.pp:193), and no tool of either release moves them there from MySQL.
 */
export const ceilometer: Behind = async (ask, family) => {
  const [[about = '0', bytes = '0'] = []] = await ask(
    `SELECT SUM(IF(table_name = 'meter', table_rows, 0)), SUM(data_length + index_length)
      FROM information_schema.tables WHERE table_schema = 'ceilometer'`,
  )
  // A count of millions of rows takes its time, and the server knows about how many there are.
  const many = Number(about) > 100_000
  const [[samples = '0'] = []] = many ? [[about]] : await ask('SELECT COUNT(*) FROM ceilometer.meter')
  const [[alarms = '0'] = []] = await ask('SELECT COUNT(*) FROM ceilometer.alarm')
  const [[scaling = '0'] = []] = await ask(
    "SELECT COUNT(*) FROM ceilometer.alarm WHERE alarm_actions LIKE '%:8000/v1/signal/%'",
  )
  const hours = (Number(samples) * perSample) / 3600
  const takes = hours < 0.1 ? 'minutes' : `about ${hours.toFixed(1)} h`
  return {
    what:
      `${many ? 'about ' : ''}${samples} samples (${inWords(Number(bytes))}) and ${alarms} alarms` +
      (scaling === '0' ? '' : `, ${scaling} of which scale stacks and will do so no more`) +
      '; the target keeps its own in MongoDB, and nothing moves them there from MySQL; ' +
      `in MySQL its migration takes ${takes}`,
    mend:
      `its alarms must not act twice: service ${evaluator[family]} stop; to read its history later: ` +
      'mysqldump --single-transaction ceilometer >ceilometer.sql',
  }
}

// A daemon's end of the message broker: logs in with the conf's credentials and keeps trying, once a second.
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { lines } from './broker.mjs'
import { option } from './conf.mjs'
import { log } from './daemon.mjs'

/** The brokers that a conf names, and as whom to enter. */
export function brokers(conf) {
  const hosts = option(
    conf,
    'rabbit_hosts',
    `${option(conf, 'rabbit_host', 'localhost')}:${option(conf, 'rabbit_port', '5672')}`,
  )
  return {
    hosts: hosts
      .split(',')
      .map((entry) => entry.trim().split(':'))
      .map(([host, port = '5672']) => ({ host, port: Number(port) })),
    user: option(conf, 'rabbit_userid', 'guest'),
    password: option(conf, 'rabbit_password', 'guest'),
    vhost: option(conf, 'rabbit_virtual_host', '/'),
  }
}

/** A connection that heals itself: consume, cast and call over whatever broker is reached. */
export function bus(conf, logger) {
  const { hosts, user, password, vhost } = brokers(conf)
  const consumers = new Map()
  const calls = new Map()
  const replies = `reply_${randomUUID().replaceAll('-', '')}`
  let turn = 0
  let say
  let socket
  let ready
  const connected = new Promise((resolve) => {
    ready = resolve
  })

  function open() {
    const { host, port } = hosts[turn++ % hosts.length]
    const where = `AMQP server on ${host}:${port}`
    let why = 'Socket closed'
    socket = connect(port, host)
    socket.setTimeout(3000, () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })))
    socket.on('error', (error) => {
      why = error.code
    })
    socket.on('close', () => {
      say = undefined
      log(
        'ERROR',
        `${logger}.openstack.common.rpc.common`,
        `${where} is unreachable: ${why}. Trying again in 1 seconds.`,
      )
      setTimeout(open, 1000)
    })
    const speak = lines(socket, (message) => {
      if (message.refused) why = message.refused
      else if (message.ok) {
        socket.setTimeout(0)
        socket.setKeepAlive(true, 5000)
        log('INFO', `${logger}.openstack.common.rpc.common`, `Connected to ${where}`)
        say = speak
        say({ op: 'consume', queue: replies })
        for (const queue of consumers.keys()) say({ op: 'consume', queue })
        // What was called while there was no broker would never be answered, and who waits would leave this one too.
        for (const { message } of calls.values()) say(message)
        ready()
      } else if (message.queue === replies) {
        const call = calls.get(message.body.id)
        calls.delete(message.body.id)
        call?.answered(message.body)
      } else if (message.unroutable) {
        // nobody reads that queue yet: the call waits as long as it may
        const call = calls.get(message.unroutable)
        if (call) setTimeout(() => calls.has(message.unroutable) && say?.(call.message), 200)
      } else receive(message)
    })
    speak({ op: 'login', user, password, vhost })
  }

  async function receive({ queue, body }) {
    const reply = (answer) =>
      body.reply && say?.({ op: 'publish', queue: body.reply, body: { id: body.id, ...answer } })
    try {
      reply({ result: (await consumers.get(queue)?.(body)) ?? null })
    } catch (error) {
      log('ERROR', `${logger}.openstack.common.rpc.amqp`, `Exception during message handling: ${error.message}`)
      reply({ failure: error.message })
    }
  }

  open()
  return {
    /** Resolves when a broker has let us in for the first time: no service reports before. */
    connected,
    consume(queue, take) {
      consumers.set(queue, take)
      say?.({ op: 'consume', queue })
    },
    /** Sends and forgets; false when there is no broker. */
    cast: (queue, body) => Boolean(say?.({ op: 'publish', queue, body })),
    /** Sends and waits for the answer. */
    call: (queue, body, patience = 1500) =>
      new Promise((give, fail) => {
        const id = randomUUID()
        const timer = setTimeout(() => {
          calls.delete(id)
          fail(new Error(`Timeout while waiting on RPC response - topic: "${queue}", RPC method: "${body.method}"`))
        }, patience)
        const message = { op: 'publish', queue, body: { ...body, id, reply: replies } }
        calls.set(id, {
          message,
          answered: ({ result, failure }) => {
            clearTimeout(timer)
            if (failure === undefined) give(result)
            else fail(new Error(failure))
          },
        })
        say?.(message)
      }),
    /** Leaves a broker that does not answer any more. */
    drop: () => socket.destroy(),
  }
}

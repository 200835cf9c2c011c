// The message broker: AMQP's rules (users, permissions, queues that outlive their readers) on lines of JSON.
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { answerAmqp, isAmqp } from './amqp.mjs'
import { rooted } from './conf.mjs'
import { die, log } from './daemon.mjs'

const kept = () => rooted('/var/lib/rabbitmq/users.json')
export const controlSocket = () => rooted('/var/lib/rabbitmq/control')

/** A password as it is kept: salted. */
export function hashed(password, salt = randomBytes(4).toString('hex')) {
  return `${salt}${createHash('sha256')
    .update(salt + password)
    .digest('hex')}`
}

const matches = (hash, password) => hash !== undefined && hashed(password, hash.slice(0, 8)) === hash

/** Lines of JSON on a stream. */
export function lines(socket, take) {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (data) => {
    const parts = (rest + data).split('\n')
    rest = parts.pop()
    for (const line of parts) {
      let message
      try {
        message = JSON.parse(line)
      } catch {
        return socket.destroy()
      }
      take(message)
    }
  })
  return (message) => socket.writable && socket.write(`${JSON.stringify(message)}\n`)
}

export function broker() {
  const file = kept()
  const vhosts = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : {
        users: {
          guest: { password: hashed('guest'), tags: ['administrator'], permissions: { '/': ['.*', '.*', '.*'] } },
        },
      }
  const { users } = vhosts
  const save = () => writeFileSync(file, `${JSON.stringify({ users }, null, 2)}\n`, { mode: 0o600 })
  const queues = new Map()
  const connections = new Set()

  const queue = (name) => {
    if (!queues.has(name)) queues.set(name, { messages: [], readers: [] })
    return queues.get(name)
  }
  const deliver = (name) => {
    const { messages, readers } = queue(name)
    while (messages.length && readers.length) {
      const reader = readers.shift()
      readers.push(reader)
      reader.say({ queue: name, body: messages.shift() })
    }
  }

  const main = createServer((socket) => {
    const peer = `${socket.remoteAddress?.replace('::ffff:', '')}:${socket.remotePort}`
    const connection = { peer, user: undefined }
    socket.on('error', () => socket.destroy())
    const refused = (why) => {
      log('ERROR', 'rabbit', `closing AMQP connection (${peer}): {handshake_error, ${why}, access_refused}`)
      connection.say({ refused: 'ACCESS_REFUSED' })
      socket.end()
    }
    socket.once('data', (first) => {
      socket.pause()
      if (isAmqp(first)) {
        const known = (user, password) => users[user] !== undefined && matches(users[user].password, password)
        answerAmqp(socket, known, (user, host) => users[user].permissions[host] !== undefined)
      } else {
        socket.unshift(first)
        connection.say = lines(socket, take)
      }
      socket.resume()
    })
    const take = (message) => {
      if (message.op === 'login') {
        const user = users[message.user]
        if (!user || !matches(user.password, message.password)) return refused(`user '${message.user}'`)
        if (!user.permissions[message.vhost]) return refused(`vhost '${message.vhost}' for user '${message.user}'`)
        connection.user = message.user
        connections.add(connection)
        log('INFO', 'rabbit', `accepting AMQP connection (${peer})`)
        return connection.say({ ok: true })
      }
      if (!connection.user) return socket.destroy()
      if (message.op === 'consume') {
        queue(message.queue).readers.push(connection)
        deliver(message.queue)
      } else if (message.op === 'publish') {
        if (!queues.has(message.queue)) return message.body.reply && connection.say({ unroutable: message.body.id })
        queue(message.queue).messages.push(message.body)
        deliver(message.queue)
      }
    }
    socket.on('close', () => {
      connections.delete(connection)
      for (const [name, { readers }] of queues) {
        const left = readers.filter((reader) => reader !== connection)
        readers.splice(0, readers.length, ...left)
        if (name.startsWith('reply_') && left.length === 0) queues.delete(name)
      }
    })
  })
  main.on('error', (error) => die('rabbit', `could not listen on 5672: ${error.code}`))
  main.listen(5672, process.env.STANDIN_LISTEN ?? '0.0.0.0')

  const known = (name) => {
    if (!users[name]) throw new Error(`{no_such_user,<<"${name}">>}`)
    return users[name]
  }
  const commands = {
    add_user: ([name, password]) => {
      if (users[name]) throw new Error(`{user_already_exists,<<"${name}">>}`)
      users[name] = { password: hashed(password), tags: [], permissions: {} }
      save()
      return { title: `Creating user "${name}"` }
    },
    delete_user: ([name]) => {
      known(name)
      delete users[name]
      save()
      return { title: `Deleting user "${name}"` }
    },
    change_password: ([name, password]) => {
      known(name).password = hashed(password)
      save()
      return { title: `Changing password for user "${name}"` }
    },
    set_user_tags: ([name, ...tags]) => {
      known(name).tags = tags
      save()
      return { title: `Setting tags for user "${name}" to [${tags}]` }
    },
    set_permissions: ([name, ...rights], vhost) => {
      known(name).permissions[vhost] = rights
      save()
      return { title: `Setting permissions for user "${name}" in vhost "${vhost}"` }
    },
    clear_permissions: ([name], vhost) => {
      delete known(name).permissions[vhost]
      save()
      return { title: `Clearing permissions for user "${name}" in vhost "${vhost}"` }
    },
    authenticate_user: ([name, password]) => {
      if (!users[name] || !matches(users[name].password, password))
        throw new Error(`failed to authenticate user "${name}"`)
      return { title: `Authenticating user "${name}"`, rows: [['Success']] }
    },
    list_users: () => ({
      title: 'Listing users',
      rows: Object.entries(users).map(([name, { tags }]) => [name, `[${tags.join(', ')}]`]),
    }),
    list_vhosts: () => ({ title: 'Listing vhosts', rows: [['/']] }),
    list_permissions: (_, vhost) => ({
      title: `Listing permissions in vhost "${vhost}"`,
      rows: Object.entries(users)
        .filter(([, { permissions }]) => permissions[vhost])
        .map(([name, { permissions }]) => [name, ...permissions[vhost]]),
    }),
    list_user_permissions: ([name]) => ({
      title: `Listing permissions for user "${name}"`,
      rows: Object.entries(known(name).permissions).map(([vhost, rights]) => [vhost, ...rights]),
    }),
    list_queues: (columns) => ({
      title: 'Listing queues',
      rows: [...queues].map(([name, { messages, readers }]) => {
        const facts = {
          name,
          messages: messages.length,
          messages_ready: messages.length,
          messages_unacknowledged: 0,
          consumers: readers.length,
        }
        return (columns.length ? columns : ['name', 'messages']).map((column) => String(facts[column] ?? ''))
      }),
    }),
    list_connections: (columns) => ({
      title: 'Listing connections',
      rows: [...connections].map(({ user, peer }) => {
        const [host, port] = peer.split(':')
        const facts = { user, peer_host: host, peer_port: port, peer_address: host, state: 'running' }
        return (columns.length ? columns : ['user', 'peer_host', 'peer_port', 'state']).map(
          (column) => facts[column] ?? '',
        )
      }),
    }),
    status: () => ({ title: 'Status of node', rows: [['[{running_applications,[{rabbit,"RabbitMQ","2.8.7"}]}]']] }),
    set_policy: ([name]) => ({ title: `Setting policy "${name}"` }),
  }
  rmSync(controlSocket(), { force: true })
  const control = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const say = lines(socket, ({ command, args, vhost }) => {
      try {
        if (!Object.hasOwn(commands, command)) throw new Error(`could not recognise command`)
        say({ done: commands[command](args, vhost) })
      } catch (error) {
        say({ failed: error.message })
      }
      socket.end()
    })
  })
  control.listen(controlSocket(), () => chmodSync(controlSocket(), 0o600))
}

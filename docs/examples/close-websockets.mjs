// Closes connections of sessions that ended: a WebSocket is checked only once, at its handshake.
//   const feed = followClosings('http://127.0.0.1:9092/sessions/closed')
//   feed.hold(socket, claims) // the verified claims of the token that came with the handshake
import { request } from 'node:http'

const [SILENCE_MS, TOKEN_LIFE_MS, held, endedAtMs] = [15_000, 60_000, new Set(), new Map()]

export function followClosings(url) {
  let lastId = ''
  const close = (isOver) => {
    for (const one of held) if (isOver(one)) one.socket.destroy()
  }
  const apply = (event, { sid, uid }) => {
    // Some ends were missed, and nobody can say which: whoever comes back is checked anew.
    if (event !== 'closed') return close(() => event === 'gap' || event === 'ready')
    endedAtMs.set(sid ?? uid, Date.now())
    setTimeout(() => endedAtMs.delete(sid ?? uid), TOKEN_LIFE_MS).unref()
    close((one) => one.uid === uid && (sid === null || sid === one.sid))
  }
  const read = (block) => {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/, 2)))
    if (fields.event) apply(fields.event, JSON.parse(fields.data))
    lastId = fields.id ?? lastId
  }
  const connect = () => {
    const asked = request(url, { headers: lastId ? { 'Last-Event-ID': lastId } : {} }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => {
        const blocks = (text + part).split('\n\n')
        text = blocks.pop()
        blocks.forEach(read)
      })
    }) // No news is bad news: there is a heartbeat every five seconds.
    asked.setTimeout(SILENCE_MS, () => asked.destroy())
    asked
      .on('error', () => {})
      .on('close', () => setTimeout(connect, 500).unref())
      .end()
  }
  const hold = (socket, { sid, uid, iat }) => {
    const isOver = endedAtMs.has(sid) || endedAtMs.get(uid) >= iat * 1000
    if (isOver) return socket.destroy() // It ended between the check and now.
    const one = { socket, sid, uid }
    socket.once('close', () => held.delete(one)) && held.add(one)
  }
  return connect() ?? { hold }
}

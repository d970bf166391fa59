import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** A server that speaks as much of Socket Mode as a test needs: one client, text frames, and the envelopes that it acks. */
export class SocketServer {
  readonly acked: string[] = []
  url = ''
  #server: Server | null = null
  #socket: Duplex | null = null
  readonly #sockets = new Set<Duplex>()
  #connected: () => void = () => {}
  readonly connected = new Promise<void>((resolve) => {
    this.#connected = resolve
  })

  async start(): Promise<void> {
    this.#server = createServer()
    this.#server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      this.#socket = socket
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
      socket.on('data', (data: Buffer) => this.#read(data))
      this.send({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A0APP00001' } })
      this.#connected()
    })
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    this.url = `ws://127.0.0.1:${address.port}/`
  }

  send(message: object): void {
    const body = Buffer.from(JSON.stringify(message))
    const length = body.length < 126 ? Buffer.from([body.length]) : Buffer.from([126, body.length >> 8, body.length & 255])
    this.#socket?.write(Buffer.concat([Buffer.from([0x81]), length, body]))
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    this.#server?.closeAllConnections()
    await closed
  }

  /** Client frames are masked; the short ones that matter here come whole, though several may come together. */
  #read(data: Buffer): void {
    let at = 0
    while (at + 6 <= data.length) {
      const opcode = data[at]! & 15
      let length = data[at + 1]! & 127
      let start = at + 2
      if (length === 126) {
        length = data.readUInt16BE(start)
        start += 2
      }
      const mask = data.subarray(start, start + 4)
      const body = data.subarray(start + 4, start + 4 + length).map((byte, index) => byte ^ mask[index % 4]!)
      at = start + 4 + length
      if (opcode !== 1) continue
      const message = JSON.parse(Buffer.from(body).toString()) as { envelope_id?: string }
      if (message.envelope_id !== undefined) this.acked.push(message.envelope_id)
    }
  }
}

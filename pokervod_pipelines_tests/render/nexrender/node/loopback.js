// Loaded before the server, which has no option for the interface and would listen on every one.
const net = require('net')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
    return listen.call(this, port, '127.0.0.1', ...rest)
}

// Its input ends when the test run does, however that ends.
process.stdin.on('end', () => process.exit()).resume()

// Shakes hands with a server and says how it went.  Arguments: port, a file with the CA, and the name to say EHLO
// with before STARTTLS (empty: TLS is implicit).
const tls = require("tls");
const net = require("net");
const [port, ca, helo] = process.argv.slice(2);

const say = (text) => {
  console.log(text);
  process.exit();
};

function shake(socket) {
  const options = { socket, host: "localhost", port, servername: "localhost", ca: require("fs").readFileSync(ca) };
  const secure = tls.connect(options, () => say(`${secure.getProtocol()} is spoken`));
  secure.setTimeout(2000, () => say("nothing came for 2 s"));
  secure.on("error", (error) => say(`${error.code}: ${error.message}`));
}

if (!helo) {
  shake();
} else {
  const lines = [`EHLO ${helo}\r\n`, "STARTTLS\r\n"];
  const socket = net.connect(port, "localhost");
  socket.on("data", function answered(data) {
    if (!/^\d{3} .*\r\n$/m.test(data.toString())) return;
    if (lines.length) return socket.write(lines.shift());
    socket.off("data", answered);
    shake(socket);
  });
}

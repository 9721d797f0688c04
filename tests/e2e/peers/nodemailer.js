// Sends one message with nodemailer.  Arguments: its folder, the options of its transport as JSON, the recipient.
const [module_folder, options, to] = process.argv.slice(2);
const transport = require(module_folder).createTransport(JSON.parse(options));
const message = { from: "a@b.test", to, subject: "hi", text: "Hello\n.\nend" };
transport.sendMail(message).then(
  (told) => console.log(told.response),
  (error) => {
    console.log(error.message);
    process.exitCode = 1;
  },
);

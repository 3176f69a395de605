// Verifies one message by the library of Standard Webhooks. Argument: JSON of `secret`, `headers` and `body`.
import { Webhook } from 'standardwebhooks'

const { secret, headers, body } = JSON.parse(process.argv[2])
try {
  console.log(JSON.stringify({ body: new Webhook(secret).verify(body, headers) }))
} catch (error) {
  console.log(JSON.stringify({ error: error.message }))
}

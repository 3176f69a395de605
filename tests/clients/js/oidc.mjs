// A certified OpenID Connect provider. Arguments: its port, the redirect URI. Whoever signs in as `ann+staff` is called ann
// and is in the group staff.
import { Provider } from 'oidc-provider'

const [port, redirect] = process.argv.slice(2)
const issuer = `http://127.0.0.1:${port}`
const provider = new Provider(issuer, {
  clients: [{ client_id: 'picasso', client_secret: 'a-secret-of-the-tests', redirect_uris: [redirect] }],
  claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'], email: ['email'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { keys: ['tests'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id.split('+')[0], groups: id.split('+').slice(1) }),
  }),
})
provider.listen(Number(port), '127.0.0.1', () => console.log(JSON.stringify({ issuer })))

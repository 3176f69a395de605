// Forms that a passkey answers: `data-passkey` says whether one is made (`create`) or asked for (`get`), `data-options` what
// the browser is asked, as JSON, or `data-options-url` where that is. The answer is sent in the field `credential`.

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const described = (list) => list?.map((each) => ({ ...each, id: bytesOf(each.id) }));

const publicKey = ({ challenge, user, allowCredentials, excludeCredentials, ...rest }) => ({
  ...rest,
  challenge: bytesOf(challenge),
  ...(user && { user: { ...user, id: bytesOf(user.id) } }),
  ...(allowCredentials && { allowCredentials: described(allowCredentials) }),
  ...(excludeCredentials && { excludeCredentials: described(excludeCredentials) }),
});

// Not toJSON: extensions of browsers that keep passkeys do not all have it.
const shown = ({ id, rawId, type, response }) => {
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
  const given = parts.filter((part) => response[part]).map((part) => [part, textOf(response[part])]);
  const transports = response.getTransports?.() ?? [];
  return { id, rawId: textOf(rawId), type, clientExtensionResults: {}, response: { ...Object.fromEntries(given), transports } };
};

const optionsOf = async ({ options, optionsUrl }) =>
  options ? JSON.parse(options) : (await fetch(optionsUrl, { headers: { Accept: 'application/json' } })).json();

const ask = async (form) => {
  const options = publicKey(await optionsOf(form.dataset));
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: options });
  form.elements.credential.value = JSON.stringify(shown(credential));
};

const submit = async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector('button');
  const problem = form.querySelector('[role=alert]');
  problem.hidden = true;
  button.disabled = true;
  try {
    await ask(form);
    form.submit(); // which asks no listener again
  } catch {
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
  form.addEventListener('submit', submit);
  for (const each of [form, ...document.querySelectorAll('.with-passkeys')]) each.hidden = false;
}

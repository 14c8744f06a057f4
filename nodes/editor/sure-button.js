/* global visionEventButton, visionEventSay */
/**
 * A button for what cannot be undone: the first press asks, the second acts; anything else takes the question back.
 *
 * @param {string} text
 * @param {string} icon a Font Awesome class
 * @param {() => string} question
 * @param {() => void} act
 * @returns {{button: HTMLButtonElement, refresh: () => void}} call `refresh` when the question may have changed
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventSureButton(text, icon, question, act) {
  let isAsking = false;
  const button = visionEventButton(text, icon, () => {
    const isSure = isAsking;
    ask(!isSure);
    // Safari does not focus what is clicked, and without focus there is no blur.
    button.focus();
    if (isSure) act();
  });
  const label = button.querySelector('span');
  button.addEventListener('blur', () => ask(false));
  button.addEventListener('keydown', (event) => {
    // A key held down presses again and again.
    if (event.key === 'Enter' && event.repeat) event.preventDefault();
  });

  function ask(asks) {
    isAsking = asks;
    button.classList.toggle('vision-event-danger', asks);
    refresh();
  }

  function refresh() {
    visionEventSay(label, isAsking ? question() : text);
  }

  return { button, refresh };
}

import { makeButton, setText } from '../../editor/live';

/**
 * A button for what cannot be undone: the first press asks, the second acts; anything else takes the question back.
 *
 * @param icon a Font Awesome class
 * @returns call its `refresh` when the question may have changed
 */
export function createSureButton(text: string, icon: string, question: () => string, act: () => void) {
  let isAsking = false;
  const button = makeButton(text, icon, () => {
    const isSure = isAsking;
    ask(!isSure);
    // Safari does not focus what is clicked, and without focus there is no blur.
    button.focus();
    if (isSure) act();
  });
  const label = button.querySelector('span')!;
  button.addEventListener('blur', () => ask(false));
  button.addEventListener('keydown', (event) => {
    // A key held down presses again and again.
    if (event.key === 'Enter' && event.repeat) event.preventDefault();
  });

  function ask(asks: boolean) {
    isAsking = asks;
    button.classList.toggle('vision-event-danger', asks);
    refresh();
  }

  function refresh() {
    setText(label, isAsking ? question() : text);
  }

  return { button, refresh };
}

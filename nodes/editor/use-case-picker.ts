import { NO_CONFIG_NODE } from './form';
import { adminError, makeButton, makeElement, sharedText, type AdminRequests } from './live';

interface UseCase {
  id: string;
  name: string;
}

/**
 * A searchable list of the workspace's use cases beneath the plain field, and a way to create one.
 * Nothing is asked of the API before somebody opens the list.
 *
 * @param isOffered false where the active use cases are the wrong ones
 */
export function createUseCasePicker(admin: AdminRequests, isOffered = () => true) {
  const t = sharedText;
  const selectors = { useCase: '#node-input-useCase', workspace: '#node-input-workspace' };
  let useCases: UseCase[] | undefined;
  let workspace: string | undefined;
  let open = false;
  let beside: HTMLElement;
  let toggle: HTMLButtonElement;
  let name: HTMLElement;
  let panel: HTMLElement;
  let search: HTMLInputElement;
  let list: HTMLElement;
  let message: HTMLElement;
  let active = -1;

  const chosenWorkspace = () => {
    const id = $(selectors.workspace).val();
    return id && id !== NO_CONFIG_NODE ? String(id) : undefined;
  };
  const path = () => `workspaces/${encodeURIComponent(String(chosenWorkspace()))}/use-cases`;
  /** As the editor has it: whether it was changed since the last deploy, the runtime finds out. */
  const baseUrl = () => String(RED.nodes.node(chosenWorkspace())?.baseUrl ?? '');
  const isFixed = () => $(`${selectors.useCase}Type`).val() === 'str';

  /** Call in `oneditprepare`, after the typed inputs were made. */
  function prepare() {
    useCases = undefined;
    open = false;
    active = -1;
    const listId = 'vision-event-use-cases';
    toggle = makeButton(t('useCase.choose'), 'fa fa-list', () => (open ? hide() : show()));
    toggle.setAttribute('aria-expanded', 'false');
    name = makeElement('span', { class: 'vision-event-chosen', 'aria-live': 'polite' });
    search = makeElement('input', {
      type: 'text',
      autocomplete: 'off',
      role: 'combobox',
      'aria-expanded': 'true',
      'aria-controls': listId,
      'aria-label': t('useCase.search'),
      placeholder: t('useCase.search'),
      maxlength: 256,
    });
    list = makeElement('ul', { id: listId, role: 'listbox', 'aria-label': t('useCase.list') });
    message = makeElement('div', { class: 'vision-event-picker-message', 'aria-live': 'polite' });
    const refresh = makeButton('', 'fa fa-refresh', () => load({ refresh: '' }));
    refresh.setAttribute('aria-label', t('useCase.refresh'));
    refresh.title = t('useCase.refresh');
    panel = makeElement(
      'div',
      { class: 'vision-event-picker', hidden: '' },
      makeElement('div', { class: 'vision-event-pair' }, search, refresh),
      list,
      message,
    );
    beside = makeElement(
      'div',
      { class: 'vision-event-beside' },
      makeElement('div', { class: 'vision-event-pair' }, toggle, name),
      panel,
    );
    $(selectors.useCase).closest('.form-row').append(beside);
    search.addEventListener('input', () => {
      active = -1;
      draw();
    });
    search.addEventListener('keydown', onKey);
    $(selectors.useCase).on('change', () => {
      update();
      showName();
    });
    update();
  }

  /** Call when what `isOffered` answers may have changed. */
  function update() {
    beside.hidden = !isFixed() || !isOffered();
  }

  function show() {
    open = true;
    panel.hidden = false;
    toggle.setAttribute('aria-expanded', 'true');
    search.value = '';
    search.focus();
    if (useCases && workspace === chosenWorkspace()) draw();
    else void load();
  }

  function hide() {
    open = false;
    panel.hidden = true;
    toggle.setAttribute('aria-expanded', 'false');
  }

  async function load(query: Record<string, string> = {}) {
    useCases = undefined;
    workspace = chosenWorkspace();
    draw();
    if (!workspace) return say(t('useCase.noWorkspace'));
    say(t('useCase.loading'));
    const asked = workspace;
    try {
      const answer = await admin.get<{ useCases: UseCase[] }>(
        `${path()}?${new URLSearchParams({ baseUrl: baseUrl(), ...query })}`,
      );
      if (asked !== workspace) return;
      useCases = answer.useCases;
      draw();
      showName();
    } catch (error) {
      if (asked === workspace) say(reasonOf(error, 'useCase.cannotList'), true);
    }
  }

  async function create(newName: string) {
    say(t('useCase.loading'));
    try {
      const created = await admin.post<UseCase>(path(), { name: newName, baseUrl: baseUrl() });
      useCases = [...(useCases ?? []), created];
      choose(created);
    } catch (error) {
      say(reasonOf(error, 'useCase.cannotCreate'), true);
    }
  }

  function reasonOf(error: unknown, key: string): string {
    const { code, message: reason } = adminError(error);
    if (code === 'NOT_DEPLOYED') return t('useCase.notDeployed');
    return code === 'ADDRESS_CHANGED' ? t('useCase.addressChanged') : t(key, { reason });
  }

  function say(text: string, isWrong = false) {
    message.textContent = text;
    message.classList.toggle('vision-event-note-wrong', isWrong);
  }

  const matching = () => {
    const wanted = search.value.trim().toLowerCase();
    return (useCases ?? []).filter((each) => `${each.name} ${each.id}`.toLowerCase().includes(wanted));
  };

  function draw() {
    const found = matching();
    const current = String($(selectors.useCase).val());
    list.replaceChildren(...found.map((each, place) => option(each, place, each.id === current)));
    search.setAttribute('aria-activedescendant', active >= 0 ? `vision-event-use-case-${active}` : '');
    say(
      useCases && found.length === 0 ? t(useCases.length === 0 ? 'useCase.none' : 'useCase.noneFound') : '',
    );
    const newName = search.value.trim();
    const exists = (useCases ?? []).some((each) => each.name.toLowerCase() === newName.toLowerCase());
    if (!useCases || newName === '' || exists || !admin.mayWrite()) return;
    const item = makeElement('li', { role: 'presentation', class: 'vision-event-create' });
    item.append(makeButton(t('useCase.create', { name: newName }), 'fa fa-plus', () => create(newName)));
    list.append(item);
  }

  function option(useCase: UseCase, place: number, isCurrent: boolean): HTMLElement {
    const item = makeElement(
      'li',
      {
        role: 'option',
        id: `vision-event-use-case-${place}`,
        'aria-selected': String(isCurrent),
        class: place === active ? 'vision-event-active' : undefined,
      },
      makeElement('span', {}, useCase.name),
      makeElement('code', {}, useCase.id),
    );
    item.addEventListener('click', () => choose(useCase));
    return item;
  }

  function onKey(event: KeyboardEvent) {
    const found = matching();
    const step = ({ ArrowDown: 1, ArrowUp: -1 } as Record<string, number>)[event.key];
    if (step && found.length > 0) {
      active = (active + step + found.length) % found.length;
      draw();
      list.children[active]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      const only = found.length === 1 ? found[0] : undefined;
      const picked = found[active] ?? only;
      if (picked) choose(picked);
    } else if (event.key === 'Escape') {
      hide();
      toggle.focus();
    } else return;
    // Else Escape and Enter would close the whole dialog.
    event.preventDefault();
    event.stopPropagation();
  }

  function choose({ id }: UseCase) {
    hide();
    $(selectors.useCase).typedInput('value', id).trigger('change');
    showName();
    toggle.focus();
  }

  /** Beside the button: what the id in the field is called, once the list is known. */
  function showName() {
    const id = String($(selectors.useCase).val());
    const known = useCases?.find((each) => each.id === id);
    if (known) name.textContent = t('useCase.name', { name: known.name });
    else name.textContent = useCases && id !== '' ? t('useCase.notListed') : '';
  }

  return { prepare, update };
}

/**
 * What the dialogs of all nodes share: reasons for what is wrong, sections that fold, typed inputs with labels.
 * The build puts this text into each html file in place of its include line, because Node-RED loads nothing else in order.
 *
 * A check gets `(value, read, t)`: the property's value, a function that reads another property, and the catalogue.
 * It answers a reason or undefined. `refuse` holds what the runtime would refuse: it makes the red triangle.
 * `doubt` holds what the API would accept with a warning: it shows in the dialog only, unless the node refuses warnings.
 * `hint` holds what is accepted, but is probably a mistake, such as a row without a name: it shows in the dialog only.
 *
 * @param {string} type the node type
 * @param {{prefix: string, defaults: () => object, refuse: object, doubt?: object, hint?: object, doubtRefuses?: (read: Function) => boolean}} options
 */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventForm(type, options) {
  const { prefix, refuse } = options;
  const doubt = options.doubt ?? {};
  const hint = options.hint ?? {};
  const form = `.vision-event-form[data-form="${type}"]`;
  const catalogue = `@vision-events/node-red-roboflow/${type}:${type}.`;
  /** What Node-RED's list of config nodes holds while none is chosen. */
  const NO_CONFIG_NODE = '_ADD_';
  /** The node whose dialog is open; its dialog knows better than its saved properties. */
  let openNode;
  /** Properties that no input of the dialog holds, such as lists: name to a function that reads them. */
  let widgets = {};

  const t = (key, values) => RED._(catalogue + key, values);
  const input = (property) => $(`#${prefix}-${property}`);

  /** A flow saved by an older release lacks newer properties: it means their defaults, here as in the runtime. */
  const orDefault = (property, value) => value ?? options.defaults()[property]?.value ?? '';

  function reader(node) {
    return (property) => {
      if (node === openNode) {
        if (widgets[property]) return widgets[property]();
        const field = input(property);
        if (field.is(':checkbox')) return field.prop('checked');
        if (field.length > 0) return field.val();
      }
      return orDefault(property, node[property]);
    };
  }

  const refusal = (property, value, read) => {
    const reason = refuse[property]?.(value, read, t);
    if (reason !== undefined || !options.doubtRefuses?.(read)) return reason;
    return doubt[property]?.(value, read, t);
  };

  /** Node-RED takes a returned text as reason only from a validator with exactly two parameters. */
  function validator(property) {
    // eslint-disable-next-line no-unused-vars -- the second parameter makes it two
    return function (value, _options) {
      return refusal(property, orDefault(property, value), reader(this)) ?? true;
    };
  }

  function note(row, text, kind) {
    let line = row.children('.vision-event-note[data-live]');
    if (!text) return line.remove();
    if (line.length === 0)
      line = $('<div class="vision-event-note" data-live aria-live="polite"></div>').appendTo(row);
    return line
      .text(text)
      .toggleClass('vision-event-note-wrong', kind === 'wrong')
      .toggleClass('vision-event-note-doubtful', kind === 'doubtful');
  }

  /** Says beneath each field what is wrong with it, and in each heading how much is set or wrong inside. */
  function refresh() {
    if (!openNode) return;
    const read = reader(openNode);
    const found = {};
    const notes = new Map();
    for (const property of Object.keys(options.defaults())) {
      const row = input(property).closest('.form-row');
      if (isTypeOfAnother(property) || row.closest('[hidden]').length > 0) continue;
      const value = read(property);
      const substituted = /^\$\{[a-zA-Z_][a-zA-Z0-9_]*\}$/.test(value);
      const wrong = substituted ? undefined : refusal(property, value, read);
      const doubtful =
        substituted || wrong !== undefined
          ? undefined
          : (doubt[property]?.(value, read, t) ?? hint[property]?.(value, read, t));
      found[property] = { wrong, doubtful, set: isSet(property, value) };
      const first = row.length > 0 && !notes.has(row[0]);
      if (first || (row.length > 0 && wrong !== undefined)) notes.set(row[0], { wrong, doubtful });
    }
    for (const [row, { wrong, doubtful }] of notes) {
      note($(row), wrong ?? doubtful, wrong === undefined ? 'doubtful' : 'wrong');
    }
    $(`${form} .vision-event-section`).each(function () {
      heading($(this), found);
    });
  }

  const isTypeOfAnother = (property) =>
    property.endsWith('Type') && property.slice(0, -4) in options.defaults();

  function isSet(property, value) {
    const initial = options.defaults()[property].value ?? '';
    if (value === NO_CONFIG_NODE) return false;
    if (Array.isArray(initial)) return value.length > 0;
    const typeProperty = `${property}Type`;
    const typed = typeProperty in options.defaults();
    const otherType = typed && reader(openNode)(typeProperty) !== options.defaults()[typeProperty].value;
    return otherType || String(value ?? '') !== String(initial);
  }

  function heading(section, found) {
    const inside = Object.keys(found).filter(
      (property) => section.find(`#${prefix}-${property}, [data-property="${property}"]`).length > 0,
    );
    const reasons = (kind) =>
      inside.map((property) => found[property][kind]).filter((reason) => reason !== undefined);
    const wrong = reasons('wrong');
    const doubtful = reasons('doubtful');
    const set = inside.filter((property) => found[property].set).length;
    const state = section.find('> summary .vision-event-state').empty();
    const chip = (style, icon, text, title) => {
      const part = $('<span>').addClass(style).attr('title', title);
      if (icon) part.append($('<i>').addClass(icon), ' ');
      part.append(document.createTextNode(text)).appendTo(state);
    };
    if (set > 0) chip('vision-event-state-set', '', t('section.set', { n: set }), '');
    if (doubtful.length > 0) {
      chip(
        'vision-event-state-doubtful',
        'fa fa-exclamation-circle',
        t('section.doubtful', { n: doubtful.length }),
        doubtful.join('\n'),
      );
    }
    if (wrong.length > 0) {
      chip(
        'vision-event-state-wrong',
        'fa fa-exclamation-triangle',
        t('section.wrong', { n: wrong.length }),
        wrong.join('\n'),
      );
    }
    section.toggleClass('vision-event-section-wrong', wrong.length > 0);
  }

  /** Names what the user sees of a typed input, and answers it. */
  function nameParts(element, name) {
    const container = element.next('.red-ui-typedInput-container');
    container.find('.red-ui-typedInput-input').attr('aria-label', name);
    container.find('.red-ui-typedInput-option-trigger').attr('aria-label', name);
    container.find('.red-ui-typedInput-type-select').attr('aria-label', t('form.typeOf', { label: name }));
    return container;
  }

  /** A label beside a typed input names the hidden original; this binds it to what the user sees. */
  function bindLabel(element, label) {
    // Node-RED translates the dialog only after `oneditprepare`.
    const container = nameParts(element, RED._(label.find('[data-i18n]').attr('data-i18n')));
    label.off('click.vision-event').on('click.vision-event', (event) => {
      event.preventDefault();
      const parts = ['input', 'option-trigger', 'type-select'].map((part) =>
        container.find(`.red-ui-typedInput-${part}`),
      );
      parts.find((part) => part.is(':visible'))?.trigger('focus');
    });
  }

  /**
   * Turns an input into a typed input whose type is kept in `<property>Type`.
   * `placeholders` maps a type to the text shown while the value is empty.
   */
  function typed(property, types, placeholders = {}) {
    const element = input(property);
    element.typedInput({ types, typeField: `#${prefix}-${property}Type` });
    const showPlaceholder = () => {
      const text = placeholders[element.typedInput('type')] ?? '';
      element.next('.red-ui-typedInput-container').find('.red-ui-typedInput-input').attr('placeholder', text);
    };
    element.on('change', showPlaceholder);
    showPlaceholder();
    bindLabel(element, $(`${form} label[for="${prefix}-${property}"]`));
  }

  /**
   * Node-RED makes its buttons beside a config node of links without address and without text: out of the keyboard's reach,
   * and nameless but for a tip under the mouse.
   */
  function reachConfigButtons() {
    for (const [property, { type: configType }] of Object.entries(options.defaults())) {
      if (!configType) continue;
      for (const [action, text] of [
        ['edit', 'editor.editConfig'],
        ['add', 'editor.addNewConfig'],
      ]) {
        const name = RED._(text, { type: configType });
        $(`#${prefix}-btn-${property}-${action}`)
          .attr({ tabindex: 0, role: 'button', 'aria-label': name })
          .on('keydown', function (event) {
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            $(this).trigger('click');
          });
      }
    }
  }

  /** Call first in `oneditprepare`: gives the inputs of properties that the flow does not have yet their defaults. */
  function fill(node) {
    for (const [property, { value, type: configType }] of Object.entries(options.defaults())) {
      if (node[property] === undefined && value !== undefined && !configType)
        input(property).not(':checkbox').val(value);
    }
  }

  /** Call in `oneditprepare`, after the typed inputs were made. `moreWidgets` reads what no input holds. */
  function open(node, moreWidgets = {}) {
    openNode = node;
    widgets = moreWidgets;
    const dialog = $(form);
    reachConfigButtons();
    dialog.on('change keyup input', () => setTimeout(refresh, 0));
    refresh();
    dialog.find('.vision-event-section-wrong').prop('open', true);
  }

  /** Call in `oneditsave`, `oneditcancel` and `oneditdelete`. */
  function close() {
    openNode = undefined;
    widgets = {};
  }

  /** All properties as the open dialog holds them, saved or not. */
  function values() {
    const read = reader(openNode);
    return Object.fromEntries(
      Object.entries(options.defaults()).map(([property, { type: configType }]) => {
        const value = read(property);
        return [property, configType && value === NO_CONFIG_NODE ? '' : value];
      }),
    );
  }

  return { t, validator, fill, typed, bindLabel, nameParts, open, close, refresh, values };
}

/** The reason for a typed value that cannot be read, or undefined. Empty is the caller's matter. */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventPathReason(value, valueType, t) {
  if (String(value) === '') return undefined;
  return RED.utils.validateTypedProperty(value, valueType) === true ? undefined : t(`refusal.${valueType}`);
}

/** The reason for a number outside its bounds, or undefined; empty passes. */
// eslint-disable-next-line no-unused-vars -- used by the html that includes this
function visionEventNumberReason(value, { min, max = Infinity, integer = false }, reason) {
  const text = String(value ?? '').trim();
  if (text === '') return undefined;
  const number = Number(text);
  if (!Number.isFinite(number) || number < min || number > max || (integer && !Number.isInteger(number)))
    return reason;
  return undefined;
}

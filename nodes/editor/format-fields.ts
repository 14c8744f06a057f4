import type { FormTexts } from './form';
import { FORMAT_GROUPS, isKnownFormat, isRecognised } from './formats';
import { sharedText as t } from './live';

/**
 * How a detector's payload is read: the rows of `format-fields.html`.
 *
 * @param isUsed whether the node takes detections at all
 */
export function createFormatFields(form: Pick<FormTexts, 'bindLabel'>, isUsed: () => boolean = () => true) {
  /** Call in `oneditprepare`. */
  function prepare(chosen: string) {
    offerFormats(chosen);
    const mapping = $('#node-input-mapping').typedInput({ types: ['json'], default: 'json' });
    form.bindLabel(mapping, $('label[for="node-input-mapping"]'));
    $('#node-input-format').on('change', show);
    show();
  }

  /** Only the rows that the chosen format has a use for. */
  function show() {
    const format = String($('#node-input-format').val());
    $('[data-detections]').prop('hidden', !isUsed());
    $('[data-formats]').each(function () {
      const formats = this.dataset['formats']?.split(' ') ?? [];
      const recognised = formats.includes('recognised') && isRecognised(format);
      this.hidden = !(recognised || formats.includes('any') || formats.includes(format));
    });
  }

  return { prepare, show };
}

function offerFormats(chosen: string) {
  const select = $('#node-input-format').empty();
  const option = (value: string, label: string) => $('<option>').val(value).text(label);
  select.append(option('auto', t('option.format.auto')));
  for (const [group, formats] of Object.entries(FORMAT_GROUPS)) {
    const list = $('<optgroup>')
      .attr('label', t(`option.format.${group}`))
      .appendTo(select);
    for (const { id, label } of formats) list.append(option(id, label));
  }
  select.append(option('custom', t('option.format.custom')));
  if (!isKnownFormat(chosen)) select.append(option(chosen, chosen));
  select.val(chosen);
}

import type { Text } from '../../editor/form';

/** What the sections say in their headings of what they do, so that a folded section can be read too. */
export function showWhatSectionsDo(t: Text): void {
  const chosen = (property: string) => String($(`#node-input-${property}`).val() ?? '');
  const labelOf = (property: string) => $(`#node-input-${property} option:selected`).text();
  const isFixedType = $('#node-input-eventTypeType').val() === 'str';
  const hasPictures = ['inputImage', 'outputImage', 'pictures'].some(
    (one) => chosen(`${one}Type`) !== 'none',
  );
  const texts: Record<string, string[]> = {
    detections: [$('#node-input-detectionsType').val() === 'none' ? t('type.none') : labelOf('format')],
    event: isFixedType ? [t(`option.eventType.${chosen('eventType')}`)] : [],
    pictures: hasPictures ? [] : [t('does.pictures')],
    delivery: [
      t(`does.delivery.${chosen('delivery')}`),
      ...(chosen('delivery') === 'build' && chosen('onWarnings') === 'send'
        ? []
        : [t(`does.onWarnings.${chosen('onWarnings')}`)]),
    ],
  };
  for (const [section, parts] of Object.entries(texts)) {
    const text = parts.length > 0 ? t('does.text', { text: parts.join(' · ') }) : '';
    $(`.vision-event-does[data-does="${section}"]`).text(text);
  }
}

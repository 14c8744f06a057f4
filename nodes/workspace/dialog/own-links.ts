/**
 * Lets links of the examples lead to pages of this Node-RED, beside the editor: they name a path and cannot know below
 * which other path (`httpNodeRoot`) it lies.
 */
export function openOwnPages(): void {
  $(document).on('click auxclick', 'a[href^="/"][href*="/vision-events-"]', function () {
    const root = (RED.settings.httpNodeRoot ?? '').replace(/\/+$/, '');
    const path = $(this).attr('href') ?? '';
    $(this).attr({ target: '_blank', href: path.startsWith(`${root}/`) ? path : root + path });
  });
}

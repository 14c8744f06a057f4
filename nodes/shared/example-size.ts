/** Pixels of the picture that the example payloads of "Try it" speak of; most of them do not carry it. */
export const EXAMPLE_SIZE = { width: 640, height: 480 };

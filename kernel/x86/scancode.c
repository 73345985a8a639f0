#include "x86/scancode.h"

#define CODE_EXTENDED 0xe0u
#define CODE_PAUSE    0xe1u
#define CODE_UP       0x80u /* the key went up */
#define PAUSE_BYTES   5u    /* behind 0xe1: 1d 45 e1 9d c5 */

#define KEY_CONTROL   0x1du
#define KEY_LEFT      0x2au /* shift; with 0xe0 a shift that is none */
#define KEY_RIGHT     0x36u
#define KEY_CAPITALS  0x3au

/* Keys 0x00 to 0x39; 0: none, or no character. */
static const char plain[] =
    "\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
    "\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

/* The key pad without num lock on, and the same keys behind 0xe0. */
static const struct {
    uint8_t key;
    const char *bytes;
} sequences[] = {
    {0x47, "\033[H"},  /* Home */
    {0x48, "\033[A"},  /* up */
    {0x49, "\033[5~"}, /* page up */
    {0x4b, "\033[D"},  /* left */
    {0x4d, "\033[C"},  /* right */
    {0x4f, "\033[F"},  /* End */
    {0x50, "\033[B"},  /* down */
    {0x51, "\033[6~"}, /* page down */
    {0x52, "\033[2~"}, /* Insert */
    {0x53, "\033[3~"}, /* Delete */
    {0x4a, "-"},       {0x4e, "+"},
};

/* A modifier goes down or up. false: it is none. */
static bool modifier(struct scancode_state *state, uint8_t key, bool down)
{
    bool extended = state->extended;

    if (key == KEY_CONTROL && extended)
        state->control_right = down;
    else if (key == KEY_CONTROL)
        state->control_left = down;
    else if (key == KEY_LEFT && !extended)
        state->shift_left = down;
    else if (key == KEY_RIGHT && !extended)
        state->shift_right = down;
    else if (key == KEY_CAPITALS)
        state->capitals ^= down;
    else
        return extended && (key == KEY_LEFT || key == KEY_RIGHT);
    return true;
}

/* What Ctrl makes of a character; 0: nothing. */
static char controlled(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 1);
    if (c >= '[' && c <= '_')
        return (char)(c - '@');
    return c == '\r' || c == ' ' || c == '\177' || c == '\033' ? c : 0;
}

static char character(const struct scancode_state *state, uint8_t key)
{
    bool shift = state->shift_left || state->shift_right;
    char c;

    if (key >= sizeof(plain) - 1)
        return 0;
    if (state->extended) /* only these two have a twin */
        return key == 0x1c ? '\r' : key == 0x35 ? '/' : 0;
    c = plain[key];
    if (state->control_left || state->control_right)
        return controlled(c);
    if (state->capitals && c >= 'a' && c <= 'z')
        shift = !shift;
    return shift ? shifted[key] : c;
}

/* A key went down. */
static size_t press(const struct scancode_state *state, uint8_t key, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (sequences[i].key != key)
            continue;
        for (; sequences[i].bytes[n] != '\0'; n++)
            out[n] = sequences[i].bytes[n];
        return n;
    }
    out[0] = character(state, key);
    return out[0] != 0;
}

size_t scancode_decode(struct scancode_state *state, uint8_t code, char *out)
{
    uint8_t key = code & (uint8_t)~CODE_UP;
    bool down = !(code & CODE_UP);
    size_t n = 0;

    if (state->skip > 0) {
        state->skip--;
        return 0;
    }
    if (code == CODE_EXTENDED) {
        state->extended = true;
        return 0;
    }
    if (code == CODE_PAUSE) {
        state->skip = PAUSE_BYTES;
        return 0;
    }
    if (!modifier(state, key, down) && down)
        n = press(state, key, out);
    state->extended = false;
    return n;
}

#include "scene.h"

#define NAMES        48u
#define NAME_BYTES   24u
#define SLOTS        512u

#define BIT_PRESENT  UINT64_C(0x1)
#define BIT_WRITABLE UINT64_C(0x2)
#define BIT_USER     UINT64_C(0x4)
#define BITS_BY_CPU  UINT64_C(0x60) /* accessed, dirty: not compared */

struct name {
    char text[NAME_BYTES];
    uint64_t frame;
};

/* The play, and the place in its text. */
struct scene {
    const char *at; /* the next character */
    const char *line_end;
    const char *wrong; /* why the line makes no sense; NULL: it does */
    struct name names[NAMES];
    unsigned int name_count;
    uint64_t seen; /* what `peek` read */
    bool has_seen;
};

/* ----------------------------------------------------------------- words */

static void blame(struct scene *s, const char *what)
{
    if (s->wrong == NULL)
        s->wrong = what;
}

static void skip_spaces(struct scene *s)
{
    while (s->at < s->line_end && *s->at == ' ')
        s->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           is_digit(c);
}

/* The bytes of the word at the cursor; 0 when there is none. */
static size_t word_bytes(struct scene *s)
{
    size_t bytes = 0;

    skip_spaces(s);
    while (s->at + bytes < s->line_end && is_letter(s->at[bytes]))
        bytes++;
    return bytes;
}

static bool text_equal(const char *text, size_t bytes, const char *other)
{
    size_t i;

    for (i = 0; i < bytes; i++) {
        if (other[i] == '\0' || other[i] != text[i])
            return false;
    }
    return other[bytes] == '\0';
}

/* Take the word if it is this one. */
static bool take_word(struct scene *s, const char *word)
{
    size_t bytes = word_bytes(s);

    if (bytes == 0 || !text_equal(s->at, bytes, word))
        return false;
    s->at += bytes;
    return true;
}

/* Take a sign such as "=" or "..", if it is there. */
static bool take_sign(struct scene *s, const char *sign)
{
    const char *at;

    skip_spaces(s);
    for (at = s->at; *sign != '\0'; at++, sign++) {
        if (at == s->line_end || *at != *sign)
            return false;
    }
    s->at = at;
    return true;
}

static void want_sign(struct scene *s, const char *sign, const char *what)
{
    if (!take_sign(s, sign))
        blame(s, what);
}

static bool line_is_over(struct scene *s)
{
    skip_spaces(s);
    return s->at == s->line_end || *s->at == '#' ||
           (s->line_end - s->at >= 2 && s->at[0] == '-' && s->at[1] == '>');
}

static int digit_of(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return 16;
}

static uint64_t number(struct scene *s)
{
    size_t bytes = word_bytes(s), i = 0;
    uint64_t value = 0;
    int base = 10;

    if (bytes > 2 && s->at[0] == '0' && s->at[1] == 'x') {
        base = 16;
        i = 2;
    }
    if (bytes == 0)
        blame(s, "a number is missing");
    for (; i < bytes; i++) {
        if (digit_of(s->at[i]) >= base)
            blame(s, "this is no number");
        value = value * (uint64_t)base + (uint64_t)digit_of(s->at[i]);
    }
    s->at += bytes;
    return value;
}

/* ---------------------------------------------------------------- frames */

static struct name *name_find(struct scene *s, const char *text, size_t bytes)
{
    unsigned int i;

    for (i = 0; i < s->name_count; i++) {
        if (text_equal(text, bytes, s->names[i].text))
            return &s->names[i];
    }
    return NULL;
}

/* Take a name that will stand for a frame from now on. */
static struct name *name_new(struct scene *s)
{
    size_t bytes = word_bytes(s), i;
    struct name *name = name_find(s, s->at, bytes);

    if (bytes == 0 || bytes >= NAME_BYTES || is_digit(*s->at) ||
        s->name_count == NAMES) {
        blame(s, "a short name is missing, or there are too many");
        return NULL;
    }
    if (name == NULL)
        name = &s->names[s->name_count++];
    for (i = 0; i < bytes; i++)
        name->text[i] = s->at[i];
    name->text[bytes] = '\0';
    s->at += bytes;
    return name;
}

/* What has a name, or stands behind an @. */
static uint64_t frame_named(struct scene *s)
{
    const struct name *name;
    size_t bytes;

    if (take_sign(s, "@")) {
        if (take_word(s, "shared"))
            return player_frame(PLAYER_SHARED);
        if (take_word(s, "kernel"))
            return player_frame(PLAYER_KERNEL);
        if (take_word(s, "other"))
            return player_frame(PLAYER_OTHER);
        if (take_word(s, "beyond"))
            return player_frame(PLAYER_BEYOND);
        return number(s);
    }
    if (take_word(s, "BASE"))
        return player_frame(PLAYER_BASE);
    bytes = word_bytes(s);
    name = name_find(s, s->at, bytes);
    s->at += bytes;
    if (bytes == 0 || name == NULL) {
        blame(s, "no page has this name");
        return 0;
    }
    return name->frame;
}

/* NAME, or NAME.5: the fifth frame behind it. */
static uint64_t frame(struct scene *s)
{
    uint64_t which = frame_named(s);

    if (s->line_end - s->at >= 2 && s->at[0] == '.' && is_digit(s->at[1])) {
        s->at++;
        which += number(s);
    }
    return which;
}

static unsigned int slot_number(struct scene *s)
{
    uint64_t slot = number(s);

    if (slot >= SLOTS)
        blame(s, "a table has slots 0 to 511");
    return (unsigned int)(slot % SLOTS);
}

/* FRAME[SLOT] */
static uint64_t frame_slot(struct scene *s, unsigned int *slot)
{
    uint64_t which = frame(s);

    want_sign(s, "[", "a slot in brackets is missing");
    *slot = slot_number(s);
    want_sign(s, "]", "a bracket is missing");
    return which;
}

static unsigned int level(struct scene *s)
{
    if (take_word(s, "L1"))
        return 1;
    if (take_word(s, "L2"))
        return 2;
    if (take_word(s, "L3"))
        return 3;
    if (take_word(s, "L4"))
        return 4;
    blame(s, "a level, L1 to L4, is missing");
    return 0;
}

/* --------------------------------------------------------------- entries */

struct bit {
    const char *name;
    unsigned int number;
};

static const struct bit bits[] = {
    {"p", 0},  {"us", 2},  {"pwt", 3}, {"pcd", 4}, {"a", 5},   {"d", 6},
    {"ps", 7}, {"pat", 7}, {"g", 8},   {"avl", 9}, {"nx", 63},
};

static uint64_t bit(struct scene *s)
{
    unsigned int i;
    uint64_t place;

    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (take_word(s, bits[i].name))
            return UINT64_C(1) << bits[i].number;
    }
    place = number(s);
    if (place > 63)
        blame(s, "bits go from 0 to 63");
    return UINT64_C(1) << place % 64;
}

/* none, NUMBER, or FRAME rw|ro|absent with bits more or less. */
static uint64_t entry(struct scene *s)
{
    uint64_t word;

    if (take_word(s, "none")) {
        word = 0;
    } else if (word_bytes(s) > 0 && is_digit(*s->at)) {
        word = number(s);
    } else {
        word = frame(s) << 12;
        if (take_word(s, "rw"))
            word |= BIT_PRESENT | BIT_WRITABLE | BIT_USER;
        else if (take_word(s, "ro"))
            word |= BIT_PRESENT | BIT_USER;
        else if (!take_word(s, "absent"))
            blame(s, "rw, ro or absent is missing");
    }
    for (;;) {
        if (take_sign(s, "+"))
            word |= bit(s);
        else if (s->line_end - s->at >= 2 && s->at[1] != '>' &&
                 take_sign(s, "-"))
            word &= ~bit(s);
        else
            return word;
    }
}

/* L4:L3:L2:L1 slots, or a number. */
static uint64_t address(struct scene *s)
{
    uint64_t va = number(s);
    unsigned int i;

    if (!take_sign(s, ":"))
        return va;
    va = va << 9 | slot_number(s);
    for (i = 0; i < 2; i++) {
        want_sign(s, ":", "an address has four slots");
        va = va << 9 | slot_number(s);
    }
    va <<= 12;
    return (va >> 47 & 1) != 0 ? va | UINT64_C(0xffff) << 48 : va;
}

/* ------------------------------------------------------------ statements */

/* page A B C */
static long do_page(struct scene *s)
{
    struct name *name;

    while (!line_is_over(s) && s->wrong == NULL) {
        name = name_new(s);
        if (name != NULL)
            name->frame = player_page();
    }
    return 0;
}

/* Names for what a player has. */
static long name_large(struct scene *s, uint64_t (*find)(void))
{
    struct name *name;

    while (!line_is_over(s) && s->wrong == NULL) {
        name = name_new(s);
        if (name == NULL)
            break;
        name->frame = find();
        if (name->frame == 0)
            blame(s, "there is no such memory left");
    }
    return 0;
}

/* superpage S T */
static long do_superpage(struct scene *s)
{
    return name_large(s, player_superpage);
}

/* gigabyte Q */
static long do_gigabyte(struct scene *s)
{
    return name_large(s, player_gigabyte);
}

/* self: every entry of the first base table, but the kernel's. */
static long fill_self(uint64_t table)
{
    unsigned int slot;
    long result = 0;

    for (slot = 0; slot < SLOTS && result == 0; slot++) {
        uint64_t word = player_base_word(slot);

        if (word != 0 && (slot < 256 || slot > 271))
            result = player_update(table, slot, word, false);
    }
    return result;
}

/* 3 = ENTRY, or 3..7 = ENTRY */
static long fill_slots(struct scene *s, uint64_t table)
{
    unsigned int first = slot_number(s), last = first;
    long result = 0;
    uint64_t word;

    if (take_sign(s, ".."))
        last = slot_number(s);
    want_sign(s, "=", "an equals sign is missing");
    word = entry(s);
    for (; first <= last && result == 0 && s->wrong == NULL; first++)
        result = player_update(table, first, word, false);
    return result;
}

/* table L2 T: 0 = U rw, 5..7 = V ro */
static long do_table(struct scene *s)
{
    struct name *name;
    long result = 0;

    if (!take_word(s, "GDT") && !take_word(s, "LDT"))
        level(s);
    name = name_new(s);
    if (name == NULL)
        return 0;
    name->frame = player_page();
    if (!take_sign(s, ":"))
        return 0;
    do {
        if (take_word(s, "self"))
            result = fill_self(name->frame);
        else
            result = fill_slots(s, name->frame);
    } while (result == 0 && s->wrong == NULL && take_sign(s, ","));
    return result;
}

static long do_pin(struct scene *s)
{
    unsigned int wanted = level(s);
    uint64_t table = frame(s);

    return s->wrong != NULL ? 0 : player_pin(table, wanted);
}

static long do_unpin(struct scene *s)
{
    uint64_t table = frame(s);

    return s->wrong != NULL ? 0 : player_unpin(table);
}

/* map T[3] = ENTRY, keep T[3] = ENTRY, write A[3] = ENTRY */
static long change(struct scene *s, bool keep)
{
    unsigned int slot;
    uint64_t table = frame_slot(s, &slot), word;

    want_sign(s, "=", "an equals sign is missing");
    word = entry(s);
    return s->wrong != NULL ? 0 : player_update(table, slot, word, keep);
}

static long do_map(struct scene *s)
{
    return change(s, false);
}

static long do_keep(struct scene *s)
{
    return change(s, true);
}

/* load gdt G H, load ldt none */
static long load_segments(struct scene *s, bool ldt)
{
    uint64_t frames[PLAYER_SEGMENTS];
    unsigned int count = 0;

    if (!take_word(s, "none")) {
        while (!line_is_over(s) && s->wrong == NULL) {
            if (count == PLAYER_SEGMENTS) {
                blame(s, "these are too many");
                break;
            }
            frames[count++] = frame(s);
        }
    }
    return s->wrong != NULL ? 0 : player_load_segments(frames, count, ldt);
}

static long do_load(struct scene *s)
{
    bool user = false;
    uint64_t table = 0;

    if (take_word(s, "gdt"))
        return load_segments(s, false);
    if (take_word(s, "ldt"))
        return load_segments(s, true);
    if (take_word(s, "user"))
        user = true;
    else if (!take_word(s, "base"))
        blame(s, "gdt, ldt, base or user is missing");
    if (!user || !take_word(s, "none"))
        table = frame(s);
    return s->wrong != NULL ? 0 : player_load_base(table, user);
}

static long do_descriptor(struct scene *s)
{
    unsigned int slot;
    uint64_t table = frame_slot(s, &slot), word;

    want_sign(s, "=", "an equals sign is missing");
    word = number(s);
    return s->wrong != NULL ? 0 : player_descriptor(table, slot, word);
}

/* free A, free superpage S */
static long do_free(struct scene *s)
{
    bool superpage = take_word(s, "superpage");
    uint64_t page = frame(s);

    return s->wrong != NULL ? 0 : player_free(page, superpage);
}

/* alloc A, alloc superpage S */
static long do_alloc(struct scene *s)
{
    bool superpage = take_word(s, "superpage");
    struct name *name = name_new(s);

    return name == NULL ? 0 : player_alloc(&name->frame, superpage);
}

static long do_mark(struct scene *s)
{
    uint64_t superpage = frame(s);

    return s->wrong != NULL ? 0 : player_mark(superpage);
}

static long do_unmark(struct scene *s)
{
    uint64_t superpage = frame(s);

    return s->wrong != NULL ? 0 : player_unmark(superpage);
}

static long do_clear(struct scene *s)
{
    uint64_t page = frame(s);

    return s->wrong != NULL ? 0 : player_clear(page);
}

/* copy TO = FROM */
static long do_copy(struct scene *s)
{
    uint64_t to = frame(s), from;

    want_sign(s, "=", "an equals sign is missing");
    from = frame(s);
    return s->wrong != NULL ? 0 : player_copy(to, from);
}

/* va 1:0:0:7 = ENTRY [flush|invlpg] */
static long do_va(struct scene *s)
{
    enum player_flush flush = PLAYER_NONE;
    uint64_t va = address(s), word;

    want_sign(s, "=", "an equals sign is missing");
    word = entry(s);
    if (take_word(s, "flush"))
        flush = PLAYER_ALL;
    else if (take_word(s, "invlpg"))
        flush = PLAYER_PAGE;
    return s->wrong != NULL ? 0 : player_va(va, word, flush);
}

static long do_peek(struct scene *s)
{
    unsigned int slot;
    uint64_t page = frame_slot(s, &slot);
    long result;

    if (s->wrong != NULL)
        return 0;
    result = player_peek(page, slot, &s->seen);
    s->has_seen = result == 0;
    return result;
}

static long do_store(struct scene *s)
{
    unsigned int slot;
    uint64_t page = frame_slot(s, &slot), word;

    want_sign(s, "=", "an equals sign is missing");
    word = entry(s);
    return s->wrong != NULL ? 0 : player_store(page, slot, word);
}

struct statement {
    const char *word;
    long (*play)(struct scene *s);
};

static const struct statement statements[] = {
    {"page", do_page},
    {"superpage", do_superpage},
    {"gigabyte", do_gigabyte},
    {"table", do_table},
    {"pin", do_pin},
    {"unpin", do_unpin},
    {"map", do_map},
    {"keep", do_keep},
    {"write", do_map},
    {"load", do_load},
    {"descriptor", do_descriptor},
    {"free", do_free},
    {"alloc", do_alloc},
    {"mark", do_mark},
    {"unmark", do_unmark},
    {"clear", do_clear},
    {"copy", do_copy},
    {"va", do_va},
    {"peek", do_peek},
    {"store", do_store},
};

static long statement_play(struct scene *s)
{
    unsigned int i;

    s->has_seen = false;
    for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        if (take_word(s, statements[i].word))
            return statements[i].play(s);
    }
    blame(s, "no statement begins so");
    return 0;
}

/* --------------------------------------------------------------- answers */

static void print(const char *text)
{
    size_t bytes = 0;

    while (text[bytes] != '\0')
        bytes++;
    player_print(text, bytes);
}

static void print_hex(uint64_t value)
{
    char digits[18];
    size_t first = sizeof(digits);

    do {
        digits[--first] = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value != 0);
    digits[--first] = 'x';
    digits[--first] = '0';
    player_print(digits + first, sizeof(digits) - first);
}

struct error {
    long number;
    const char *name;
};

static const struct error errors[] = {
    {-1, "EPERM"},   {-3, "ESRCH"},   {-12, "ENOMEM"},
    {-14, "EFAULT"}, {-16, "EBUSY"},  {-22, "EINVAL"},
    {-28, "ENOSPC"}, {-38, "ENOSYS"}, {-95, "EOPNOTSUPP"},
};

static void print_answer(long result)
{
    unsigned int i;

    if (result >= 0) {
        print("ok");
        return;
    }
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].number == result)
            print(errors[i].name);
    }
    if (*player_rule() != '\0') {
        print(" ");
        print(player_rule());
    }
}

/* What was read: as the script has it when that is what it is. */
static void print_seen(struct scene *s)
{
    const char *expected;
    uint64_t word;

    skip_spaces(s);
    expected = s->at;
    word = entry(s);
    if (s->wrong == NULL && ((word ^ s->seen) & ~BITS_BY_CPU) == 0)
        player_print(expected, (size_t)(s->at - expected));
    else
        print_hex(s->seen);
    s->wrong = NULL;
}

/* Print the line with its answer. */
static void line_print(struct scene *s, const char *line, long result)
{
    const char *arrow = s->at;

    if (take_sign(s, "->"))
        arrow = s->at;
    else if (result == 0 || s->wrong != NULL)
        arrow = s->line_end;
    player_print(line, (size_t)(arrow - line));
    if (s->wrong != NULL) {
        print(" # makes no sense: ");
        print(s->wrong);
    } else if (arrow != s->line_end || result != 0) {
        print(arrow[-1] == '>' ? " " : " -> ");
        if (s->has_seen)
            print_seen(s);
        else
            print_answer(result);
    }
    print("\n");
}

bool scene_play(const char *text, size_t bytes)
{
    static struct scene s;
    const char *end = text + bytes;
    const char *line;

    s = (struct scene){.at = text};
    while (s.at < end) {
        long result = 0;

        line = s.at;
        for (s.line_end = line; s.line_end < end && *s.line_end != '\n';)
            s.line_end++;
        if (!line_is_over(&s)) {
            result = statement_play(&s);
            if (s.wrong == NULL && !line_is_over(&s))
                blame(&s, "there is more than the statement takes");
        } else {
            s.at = s.line_end;
        }
        line_print(&s, line, result);
        if (s.wrong != NULL)
            return false;
        s.at = s.line_end + 1;
    }
    return true;
}

#include "x86/console.h"

#include "x86/io.h"
#include "x86/keyboard.h"
#include "x86/log.h"
#include "x86/paging.h"
#include "x86/serial.h"
#include "x86/text_mode.h"
#include "x86/tsc.h"

/* TSC ticks between two drawings: 13 to 67 ms on anything from 1 to 5 GHz. */
#define REFRESH_TICKS    (1ull << 26)

#define TEXT_BYTES_MAX   0x8000u /* of VGA memory in text mode */

#define VGA_INDEX        0x3d4u
#define VGA_DATA         0x3d5u
#define VGA_CURSOR_START 0x0au
#define VGA_CURSOR_OFF   0x20u

const char *const console_sink_names[] = {"serial", "screen", NULL};

static struct {
    unsigned int sinks;
    enum screen_kind kind;
    uint64_t refreshed; /* TSC */
    volatile uint8_t *text_memory;
    uint32_t text_pitch; /* bytes */
} console = {.sinks = CONSOLE_SERIAL | CONSOLE_SCREEN};

static struct text_screen screen;
static struct framebuffer framebuffer;

void console_select(unsigned int sinks)
{
    console.sinks = sinks;
}

void console_early_init(uint32_t baud)
{
    serial_init(baud);
}

void console_flush(void)
{
    if (!screen.changed)
        return;
    if (console.kind == SCREEN_PIXELS)
        framebuffer_refresh(&framebuffer, &screen);
    else if (console.kind == SCREEN_TEXT)
        text_mode_refresh(console.text_memory, console.text_pitch, &screen);
    screen.changed = false;
    console.refreshed = tsc_read();
}

static void screen_write(enum text_tone tone, const char *text, size_t bytes)
{
    if (console.kind == SCREEN_NONE || !(console.sinks & CONSOLE_SCREEN))
        return;
    text_screen_write(&screen, tone, text, bytes);
    if (tone == TONE_ERROR || tsc_read() - console.refreshed > REFRESH_TICKS)
        console_flush();
}

void console_write(enum text_tone tone, const char *text, size_t bytes)
{
    size_t from = 0;

    screen_write(tone, text, bytes);
    if (!(console.sinks & CONSOLE_SERIAL))
        return;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n')
            continue;
        serial_write(text + from, i - from);
        serial_write("\r\n", 2);
        from = i + 1;
    }
    serial_write(text + from, bytes - from);
}

void console_write_raw(enum text_tone tone, const char *text, size_t bytes)
{
    screen_write(tone, text, bytes);
    if (console.sinks & CONSOLE_SERIAL)
        serial_write(text, bytes);
}

int console_read_byte(void)
{
    int byte = serial_read_byte();

    return byte >= 0 ? byte : keyboard_read_byte();
}

static const char *pixels_init(const struct console_screen *from)
{
    const struct pixel_format *format = &from->format;
    const char *problem = pixel_format_problem(format);
    void *memory;

    if (problem)
        return problem;
    memory = paging_map_device(
        from->paddr, (size_t)format->pitch * format->height, CACHE_WC);
    if (!memory)
        return "no memory to map it";
    framebuffer_init(&framebuffer, format, memory);
    text_screen_init(&screen, framebuffer.columns, framebuffer.rows);
    return NULL;
}

static const char *text_init(const struct console_screen *from)
{
    const struct pixel_format *format = &from->format;
    uint64_t bytes = (uint64_t)format->pitch * format->height;

    if (format->width == 0 || bytes == 0 || bytes > TEXT_BYTES_MAX ||
        format->pitch / 2 < format->width)
        return "text mode of an impossible size";
    console.text_memory = paging_map_device(from->paddr, bytes, CACHE_WC);
    if (!console.text_memory)
        return "no memory to map it";
    console.text_pitch = format->pitch;
    io_out8(VGA_INDEX, VGA_CURSOR_START);
    io_out8(VGA_DATA, VGA_CURSOR_OFF);
    text_screen_init(&screen, format->width, format->height);
    return NULL;
}

static void replay_write(unsigned int tone, const char *text, size_t bytes)
{
    text_screen_write(&screen, (enum text_tone)tone, text, bytes);
}

void console_init(const struct console_screen *from)
{
    const char *problem = "the boot loader gave none";

    if (!(console.sinks & CONSOLE_SCREEN))
        return;
    if (from->kind == SCREEN_PIXELS)
        problem = pixels_init(from);
    else if (from->kind == SCREEN_TEXT)
        problem = text_init(from);
    else if (from->kind == SCREEN_OTHER)
        problem = "neither RGB pixels nor VGA text";
    if (problem) {
        log_printf(LOG_INFO, "screen: not used: %s", problem);
        return;
    }
    console.kind = from->kind;
    log_replay(replay_write);
    log_printf(LOG_INFO, "screen: %ux%u %s, %u columns, %u rows",
               (unsigned int)from->format.width,
               (unsigned int)from->format.height,
               from->kind == SCREEN_TEXT ? "characters" : "pixels",
               (unsigned int)screen.columns, (unsigned int)screen.rows);
    console_flush();
}

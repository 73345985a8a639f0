#include "x86/keyboard.h"

#include "x86/io.h"
#include "x86/scancode.h"
#include "x86/tsc.h"

#define DATA             0x60u
#define STATUS           0x64u
#define COMMAND          0x64u

#define STATUS_FULL      0x01u /* there is a byte for us */
#define STATUS_BUSY      0x02u /* it has not taken our byte yet */
#define STATUS_MOUSE     0x20u /* the byte is the mouse's */
#define STATUS_ABSENT    0xffu

#define CONFIG_READ      0x20u
#define CONFIG_WRITE     0x60u
#define CONFIG_INTERRUPT 0x03u /* both ports' */
#define CONFIG_DISABLED  0x10u /* the keyboard's clock is stopped */
#define CONFIG_TRANSLATE 0x40u /* what it sends to set 1 */

#define KEYBOARD_ENABLE  0xf4u
#define KEYBOARD_ANSWER  0xfau

#define WAIT_NS          UINT64_C(25000000)
/* The controller's own buffer is smaller. */
#define READS_AT_ONCE    32u

static struct {
    bool controller;
    bool present;
    struct scancode_state state;
    char typed[SCANCODE_BYTES];
    uint32_t typed_bytes;
    uint32_t taken; /* of them */
} keyboard;

/* Wait, not for ever, until the bits of the status are as wanted. */
static bool status_wait(uint8_t mask, uint8_t wanted)
{
    uint64_t begin = tsc_now_ns();

    do {
        uint8_t status = io_in8(STATUS);

        if (status == STATUS_ABSENT)
            return false;
        if ((status & mask) == wanted)
            return true;
    } while (tsc_now_ns() - begin < WAIT_NS);
    return false;
}

static bool send(uint16_t port, uint8_t value)
{
    if (!status_wait(STATUS_BUSY, 0))
        return false;
    io_out8(port, value);
    return true;
}

/* Throw away what waits. */
static void drain(void)
{
    for (uint32_t i = 0; i < READS_AT_ONCE; i++) {
        if (!(io_in8(STATUS) & STATUS_FULL))
            return;
        io_in8(DATA);
    }
}

/* Translation on, interrupts off, the clock running. */
static void configure(void)
{
    uint8_t config;

    if (!send(COMMAND, CONFIG_READ) || !status_wait(STATUS_FULL, STATUS_FULL))
        return;
    config = io_in8(DATA);
    config &= (uint8_t) ~(CONFIG_INTERRUPT | CONFIG_DISABLED);
    config |= CONFIG_TRANSLATE;
    if (send(COMMAND, CONFIG_WRITE))
        send(DATA, config);
}

bool keyboard_init(bool may_be)
{
    keyboard.controller = may_be && io_in8(STATUS) != STATUS_ABSENT;
    if (!keyboard.controller)
        return false;
    drain();
    configure();
    keyboard.present = send(DATA, KEYBOARD_ENABLE) &&
                       status_wait(STATUS_FULL, STATUS_FULL) &&
                       io_in8(DATA) == KEYBOARD_ANSWER;
    return keyboard.present;
}

bool keyboard_present(void)
{
    return keyboard.present;
}

/* Read codes until one of them typed something. false: none did. */
static bool poll(void)
{
    for (uint32_t i = 0; i < READS_AT_ONCE; i++) {
        uint8_t status = io_in8(STATUS), code;

        if (status == STATUS_ABSENT || !(status & STATUS_FULL))
            return false;
        code = io_in8(DATA);
        if (status & STATUS_MOUSE)
            continue;
        keyboard.present = true;
        keyboard.taken = 0;
        keyboard.typed_bytes =
            (uint32_t)scancode_decode(&keyboard.state, code, keyboard.typed);
        if (keyboard.typed_bytes > 0)
            return true;
    }
    return false;
}

int keyboard_read_byte(void)
{
    if (keyboard.taken == keyboard.typed_bytes &&
        (!keyboard.controller || !poll()))
        return -1;
    return (uint8_t)keyboard.typed[keyboard.taken++];
}

#include "x86/serial.h"

#include "x86/io.h"

#define PORT 0x3f8u

/* Registers by offset (16550 data sheet). */
#define DATA             0u
#define INTERRUPT_ENABLE 1u
#define DIVISOR_LOW      0u /* while LINE_DIVISOR is set */
#define DIVISOR_HIGH     1u
#define FIFO_CONTROL     2u /* written */
#define INTERRUPT_ID     2u /* read */
#define LINE_CONTROL     3u
#define MODEM_CONTROL    4u
#define LINE_STATUS      5u
#define SCRATCH          7u

#define LINE_8N1         0x03u
#define LINE_DIVISOR     0x80u
#define FIFO_ON          0x07u /* on, both cleared */
#define FIFO_IS_ON       0xc0u
#define MODEM_ON         0x0bu /* DTR, RTS, OUT2 */
#define MODEM_LOOPBACK   0x1eu
#define STATUS_RECEIVED  0x01u
#define STATUS_EMPTY     0x20u /* the transmit FIFO has room for all */
#define STATUS_ABSENT    0xffu

#define CLOCK_BAUD       115200u
#define FIFO_BYTES       16u
#define PROBE_READS      100000u
#define SEND_READS       1000000u /* about a second; 16 bytes need 1.4 ms */
#define RECEIVE_BYTES    256u
#define LOOPBACK_BYTE    0xaeu

static struct {
    bool present;
    bool stalled;  /* took nothing for long: do not wait */
    uint32_t room; /* bytes that the FIFO surely takes */
    uint32_t fifo_bytes;
    uint32_t head; /* bytes ever received */
    uint32_t tail; /* bytes ever read */
    uint8_t ring[RECEIVE_BYTES];
} serial;

static uint8_t reg_read(unsigned int reg)
{
    return io_in8((uint16_t)(PORT + reg));
}

static void reg_write(unsigned int reg, unsigned int value)
{
    io_out8((uint16_t)(PORT + reg), (uint8_t)value);
}

static bool scratch_keeps(uint8_t value)
{
    reg_write(SCRATCH, value);
    return reg_read(SCRATCH) == value;
}

/* Does a byte that is sent in loopback mode come back? */
static bool loopback_works(void)
{
    reg_write(MODEM_CONTROL, MODEM_LOOPBACK);
    reg_write(DATA, LOOPBACK_BYTE);
    for (uint32_t i = 0; i < PROBE_READS; i++) {
        if (reg_read(LINE_STATUS) & STATUS_RECEIVED)
            return reg_read(DATA) == LOOPBACK_BYTE;
    }
    return false;
}

bool serial_init(uint32_t baud)
{
    uint32_t divisor = baud > 0 ? CLOCK_BAUD / baud : 1;

    serial.present = false;
    if (!scratch_keeps(0x5a) || !scratch_keeps(0xa5) ||
        reg_read(LINE_STATUS) == STATUS_ABSENT)
        return false;
    if (divisor == 0 || divisor > 0xffff)
        divisor = 1;
    reg_write(INTERRUPT_ENABLE, 0);
    reg_write(LINE_CONTROL, LINE_DIVISOR | LINE_8N1);
    reg_write(DIVISOR_LOW, divisor & 0xff);
    reg_write(DIVISOR_HIGH, divisor >> 8);
    reg_write(LINE_CONTROL, LINE_8N1);
    reg_write(FIFO_CONTROL, FIFO_ON);
    serial.fifo_bytes =
        (reg_read(INTERRUPT_ID) & FIFO_IS_ON) == FIFO_IS_ON ? FIFO_BYTES : 1;
    if (!loopback_works())
        return false;
    reg_write(MODEM_CONTROL, MODEM_ON);
    serial.room = 0;
    serial.stalled = false;
    serial.present = true;
    return true;
}

bool serial_present(void)
{
    return serial.present;
}

/* Wait, not for ever, until the port takes bytes. */
static bool room_wait(void)
{
    uint32_t reads = serial.stalled ? 1 : SEND_READS;

    while (reads-- > 0) {
        uint8_t status = reg_read(LINE_STATUS);

        if (status == STATUS_ABSENT) {
            serial.present = false;
            return false;
        }
        if (status & STATUS_EMPTY) {
            serial.stalled = false;
            serial.room = serial.fifo_bytes;
            return true;
        }
    }
    serial.stalled = true;
    return false;
}

void serial_write(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes && serial.present; i++) {
        if (serial.room == 0 && !room_wait())
            return;
        reg_write(DATA, (uint8_t)text[i]);
        serial.room--;
    }
}

void serial_poll(void)
{
    for (uint32_t i = 0; i < RECEIVE_BYTES && serial.present; i++) {
        uint8_t status = reg_read(LINE_STATUS);
        uint8_t byte;

        if (status == STATUS_ABSENT || !(status & STATUS_RECEIVED))
            return;
        byte = reg_read(DATA);
        if (serial.head - serial.tail < RECEIVE_BYTES)
            serial.ring[serial.head++ % RECEIVE_BYTES] = byte;
    }
}

int serial_read_byte(void)
{
    serial_poll();
    if (serial.head == serial.tail)
        return -1;
    return serial.ring[serial.tail++ % RECEIVE_BYTES];
}

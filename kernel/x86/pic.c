#include "x86/pic.h"

#include "x86/io.h"

#define MASTER_COMMAND 0x20u
#define MASTER_DATA    0x21u
#define SLAVE_COMMAND  0xa0u
#define SLAVE_DATA     0xa1u

#define ICW1_START     0x11u /* edge triggered, cascade, ICW4 follows */
#define ICW3_MASTER    0x04u /* the slave is at line 2 */
#define ICW3_SLAVE     0x02u
#define ICW4_8086      0x01u
#define ALL_MASKED     0xffu

/* Old chips want time between two writes; port 0x80 is nobody's. */
static void write_slowly(uint16_t port, uint8_t value)
{
    io_out8(port, value);
    io_out8(0x80, 0);
}

void pic_init(void)
{
    write_slowly(MASTER_DATA, ALL_MASKED);
    write_slowly(SLAVE_DATA, ALL_MASKED);
    write_slowly(MASTER_COMMAND, ICW1_START);
    write_slowly(SLAVE_COMMAND, ICW1_START);
    write_slowly(MASTER_DATA, PIC_FIRST_VECTOR);
    write_slowly(SLAVE_DATA, PIC_FIRST_VECTOR + 8);
    write_slowly(MASTER_DATA, ICW3_MASTER);
    write_slowly(SLAVE_DATA, ICW3_SLAVE);
    write_slowly(MASTER_DATA, ICW4_8086);
    write_slowly(SLAVE_DATA, ICW4_8086);
    write_slowly(MASTER_DATA, ALL_MASKED);
    write_slowly(SLAVE_DATA, ALL_MASKED);
}

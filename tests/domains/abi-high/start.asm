; The first instructions of abi-high, and notes as a large kernel has them: an
; address for the list of frames, the ramdisk by its page, no hypercall page.

    bits 64
    default rel

    global domain_start
    global hypercall_page
    extern domain_main
    extern domain_exit
    extern domain_setup

STACK_BYTES         equ 32768
PAGE_BYTES          equ 4096
STUBS               equ 64
STUB_BYTES          equ 32
IRET_NUMBER                equ 23
NOTE_ENTRY          equ 1
NOTE_VIRT_BASE      equ 3
NOTE_PADDR_OFFSET   equ 4
NOTE_XEN_VERSION    equ 5
NOTE_GUEST_OS       equ 6
NOTE_GUEST_VERSION  equ 7
NOTE_LOADER         equ 8
NOTE_PAE_MODE       equ 9
NOTE_FEATURES       equ 10
NOTE_HV_START_LOW   equ 12
NOTE_L1_MFN_VALID   equ 13
NOTE_SUSPEND_CANCEL equ 14
NOTE_INIT_P2M       equ 15
NOTE_MOD_START_PFN  equ 16
NOTE_SUPPORTED      equ 17

    section .note.xen note alloc noexec nowrite align=4

%macro NOTE_ADDRESS 2
    dd 4, 8, %1
    db "Xen", 0
    dq %2
%endmacro

%macro NOTE_NUMBER 2
    dd 4, 4, %1
    db "Xen", 0
    dd %2
%endmacro

%macro NOTE_TEXT 2
    dd 4, %%end - %%text, %1
    db "Xen", 0
%%text:
    db %2, 0
%%end:
    align 4, db 0
%endmacro

    NOTE_TEXT    NOTE_GUEST_OS,       "high"
    NOTE_TEXT    NOTE_GUEST_VERSION,  "2.6"
    NOTE_TEXT    NOTE_XEN_VERSION,    "xen-3.0"
    NOTE_ADDRESS NOTE_VIRT_BASE,      0x40000000
    NOTE_ADDRESS NOTE_INIT_P2M,       0x8000000000
    NOTE_ADDRESS NOTE_ENTRY,          domain_start
    NOTE_TEXT NOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
    NOTE_NUMBER  NOTE_SUPPORTED,      0x8801
    NOTE_TEXT    NOTE_PAE_MODE,       "yes"
    NOTE_TEXT    NOTE_LOADER,         "generic"
    ; L1 entries: the mask and the value of a valid one.
    dd 4, 16, NOTE_L1_MFN_VALID
    db "Xen", 0
    dq 1, 1
    NOTE_NUMBER  NOTE_SUSPEND_CANCEL, 1
    NOTE_NUMBER  NOTE_MOD_START_PFN,  1
    NOTE_ADDRESS NOTE_HV_START_LOW,   0xffff800000000000
    NOTE_ADDRESS NOTE_PADDR_OFFSET,   0

    section .text.start progbits alloc exec nowrite align=4096

; Our own stubs: a bare syscall works as well as the kernel's.
hypercall_page:
%assign number 0
%rep STUBS
    align STUB_BYTES, db 0xcc
    push rcx
    push r11
%if number = IRET_NUMBER
    push rax
%endif
    mov eax, number
    syscall
    pop r11
    pop rcx
    ret
%assign number number + 1
%endrep

domain_start:
    cld
    lea rsp, [stack_top]
    xor ebp, ebp
    mov rbx, rsi
    mov rdi, rsi
    call domain_setup
    mov rdi, rbx
    call domain_main
    jmp domain_exit

    section .bss nobits alloc noexec write align=16

stack:
    resb STACK_BYTES
stack_top:

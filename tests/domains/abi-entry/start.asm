; The first instructions of abi-entry: keep every register as it was.
;
; It replaces user/lib/start.asm, and says no more about itself than it must:
; neither a hypercall page nor an entry is in its notes' place of habit.

    bits 64
    default rel

    global domain_start
    global hypercall_page
    global entry_state
    extern domain_main
    extern domain_exit
    extern domain_setup

STACK_BYTES         equ 32768
PAGE_BYTES          equ 4096
NOTE_ENTRY          equ 1
NOTE_HYPERCALL_PAGE equ 2
NOTE_VIRT_BASE      equ 3
NOTE_PADDR_OFFSET   equ 4
NOTE_XEN_VERSION    equ 5
NOTE_GUEST_OS       equ 6
NOTE_GUEST_VERSION  equ 7
NOTE_LOADER         equ 8
NOTE_PAE_MODE       equ 9
NOTE_FEATURES       equ 10

    section .note.xen note alloc noexec nowrite align=4

%macro NOTE_ADDRESS 2
    dd 4, 8, %1
    db "Xen", 0
    dq %2
%endmacro

%macro NOTE_TEXT 2
    dd 4, %%end - %%text, %1
    db "Xen", 0
%%text:
    db %2, 0
%%end:
    align 4, db 0
%endmacro

; A note of somebody else, with the same number as the entry.
    dd 4, 8, NOTE_ENTRY
    db "GNU", 0
    dq 0x1234567
    NOTE_TEXT    NOTE_GUEST_OS,       "entry"
    NOTE_TEXT    NOTE_GUEST_VERSION,  "1"
    NOTE_TEXT    NOTE_XEN_VERSION,    "xen-3.0"
    NOTE_TEXT    NOTE_LOADER,         "generic"
    NOTE_TEXT    NOTE_PAE_MODE,       "yes"
    NOTE_TEXT NOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb"
    NOTE_ADDRESS NOTE_VIRT_BASE,      0
    NOTE_ADDRESS NOTE_PADDR_OFFSET,   0
    NOTE_ADDRESS NOTE_ENTRY,          domain_start
    NOTE_ADDRESS NOTE_HYPERCALL_PAGE, hypercall_page

    section .text.start progbits alloc exec nowrite align=4096

hypercall_page:
    times PAGE_BYTES db 0xcc

domain_start:
    mov [entry_state], rax
    mov [entry_state + 8], rbx
    mov [entry_state + 16], rcx
    mov [entry_state + 24], rdx
    mov [entry_state + 32], rsi
    mov [entry_state + 40], rdi
    mov [entry_state + 48], rbp
    mov [entry_state + 56], rsp
    mov [entry_state + 64], r8
    mov [entry_state + 72], r9
    mov [entry_state + 80], r10
    mov [entry_state + 88], r11
    mov [entry_state + 96], r12
    mov [entry_state + 104], r13
    mov [entry_state + 112], r14
    mov [entry_state + 120], r15
    lea rsp, [stack_top]
    pushfq
    pop qword [entry_state + 128]
%assign at 136
%macro segment_keep 1
    mov eax, %1
    mov [entry_state + at], rax
%assign at at + 8
%endmacro
    segment_keep cs
    segment_keep ss
    segment_keep ds
    segment_keep es
    segment_keep fs
    segment_keep gs
    cld
    xor ebp, ebp
    mov rbx, rsi
    mov rdi, rsi
    call domain_setup
    mov rdi, rbx
    call domain_main
    jmp domain_exit

    section .bss nobits alloc noexec write align=16

entry_state:
    resq 32
stack:
    resb STACK_BYTES
stack_top:

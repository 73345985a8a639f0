; Run a snippet; keep what a trap handed over; come back.

    bits 64
    default rel

    global probe_stubs
    global probe_call
    global probe_iret
    global probe_unmask
    global probe_user_done
    global outcome
    extern hypercall_page

STUBS           equ 261                 ; 256 vectors, five callbacks
STUB_BYTES      equ 16
EVENT           equ 258                 ; the event callback's stub
NO_TRAP         equ 1000
IRET_STUB       equ 32 * 23
DONE            equ 0x7a11d0e           ; rax of the user's last syscall
STACK_WORDS     equ 12

; struct outcome of probe.h
VECTOR          equ 0
ENTRY_RSP       equ 8
ENTRY_RFLAGS    equ 16
ENTRY_CS        equ 24
ENTRY_SS        equ 32
STACK           equ 40
GENERAL         equ STACK + 8 * STACK_WORDS
OUTCOME_BYTES   equ GENERAL + 8 * 15

; keep - store registers, one after the other, from GENERAL on.
%macro keep 1-*
%assign at GENERAL
%rep %0
    mov [outcome + at], %1
%assign at at + 8
%rotate 1
%endrep
%endmacro

%define GENERAL_REGISTERS rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, \
                          r11, r12, r13, r14, r15

    section .text progbits alloc exec nowrite align=16

probe_stubs:
%assign vector 0
%rep STUBS
    align STUB_BYTES
    mov dword [outcome + VECTOR], vector
    jmp trap_keep
%assign vector vector + 1
%endrep

trap_keep:
    cmp dword [inside], 0
    jne .keep
    cmp dword [outcome + VECTOR], EVENT
    je late
.keep:
    keep GENERAL_REGISTERS
    mov [outcome + ENTRY_RSP], rsp
    mov eax, cs
    mov [outcome + ENTRY_CS], rax
    mov eax, ss
    mov [outcome + ENTRY_SS], rax
    mov rsi, rsp
    lea rdi, [outcome + STACK]
    mov rsp, [resume_stack]
    pushfq
    pop qword [outcome + ENTRY_RFLAGS]
    cld
    mov ecx, STACK_WORDS
    rep movsq
    jmp resume

; An event that comes when the snippet is over: to where it came, and masked,
; since it stays pending.
late:
    pop rcx
    pop r11
    and dword [rsp + 16], ~0x200        ; IF
    push 0                              ; flags of the iret hypercall
    jmp hypercall_page + IRET_STUB

; probe_call - call a snippet.
;
; in   rdi  the snippet     rsi, rdx, rcx  its rdi, rsi, rdx
probe_call:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [resume_stack], rsp
    mov qword [outcome + VECTOR], NO_TRAP
    mov rax, rdi
    mov rdi, rsi
    mov rsi, rdx
    mov rdx, rcx
    mov dword [inside], 1
    mov rcx, [probe_unmask]
    mov qword [probe_unmask], 0
    test rcx, rcx
    jz .call
    mov byte [rcx], 0
.call:
    call rax
    mov dword [inside], 0
    keep GENERAL_REGISTERS
    pushfq
    pop qword [outcome + ENTRY_RFLAGS]
resume:
    mov dword [inside], 0
    mov rsp, [resume_stack]
    push 0x202
    popfq
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

; probe_iret - the iret hypercall.
;
; in   rdi  struct iret_context     rsi  three words: rdi, rsi, rdx there
probe_iret:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [resume_stack], rsp
    mov qword [outcome + VECTOR], NO_TRAP
    push qword [rdi + 64]               ; ss
    push qword [rdi + 56]               ; rsp
    push qword [rdi + 48]               ; rflags
    push qword [rdi + 40]               ; cs
    push qword [rdi + 32]               ; rip
    push qword [rdi + 24]               ; flags
    mov rcx, [rdi + 16]
    mov r11, [rdi + 8]
    mov rax, [rdi]
    mov rdx, [rsi + 16]
    mov rdi, [rsi]
    mov rsi, [rsi + 8]
    mov dword [inside], 1
    jmp hypercall_page + IRET_STUB

; Where a program of the user returns to: it tells its kernel its rax.
probe_user_done:
    mov rdi, rax
    mov eax, DONE
    syscall
    ud2

    section .bss nobits alloc noexec write align=16

outcome:
    resb OUTCOME_BYTES
inside:                                 ; 1: a snippet runs
    resq 1
resume_stack:
    resq 1
probe_unmask:                           ; a byte to clear; 0: none
    resq 1

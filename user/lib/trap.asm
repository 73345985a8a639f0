; Where the kernel sends a domain's traps, and the way back.
;
; The kernel pushes a frame on the guest kernel's stack, 16-byte aligned, and
; jumps to the address in the trap table (lowest address first):
;
;       rcx, r11, [error code,] rip, cs, rflags, rsp, ss
;
; A stub here brings that to the form of `struct regs` (lib/trap.h) and calls
; trap_handle().

    bits 64
    default rel

    global trap_stubs
    global syscall_stub
    global access_read
    global access_read_at
    global access_write
    global access_write_at
    global access_failed
    global user_run
    global user_stop
    extern hypercall_page
    extern trap_handle

VECTORS             equ 32
STUB_BYTES          equ 32              ; TRAP_STUB_BYTES in trap.c
SYSCALL_VECTOR      equ 256             ; TRAP_SYSCALL in trap.h
IRET_STUB           equ 32 * 23
; The vectors with an error code: 8, 10 to 14, 17, 21, 29, 30.
ERROR_CODE_MASK     equ 0x60227d00

SELECTOR_USER_CODE  equ 0xe033
SELECTOR_USER_STACK equ 0xe02b
FLAGS_USER          equ 0x202           ; IF and the bit that is always one

    section .text progbits alloc exec nowrite align=32

trap_stubs:
%assign vector 0
%rep VECTORS
    align STUB_BYTES
    pop rcx
    pop r11
%if ((ERROR_CODE_MASK >> vector) & 1) == 0
    push 0
%endif
    push vector
    jmp trap_save
%assign vector vector + 1
%endrep

    align STUB_BYTES
syscall_stub:
    pop rcx
    pop r11
    push 0
    push SYSCALL_VECTOR

; trap_save - keep every register, call trap_handle(struct regs *), go back.
;
; Nothing is clobbered, unless the handler changes the saved registers. The
; way back is the iret hypercall. Its stub pushes rcx, r11 and rax itself and
; finds below them: flags, rip, cs, rflags, rsp, ss; the flags word takes the
; place of the error code.
trap_save:
    push rdi
    push rsi
    push rdx
    push rcx
    push rax
    push r8
    push r9
    push r10
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov dword [rsp + 18 * 8 + 4], 0     ; the saved upcall mask beside cs
    cld
    mov rdi, rsp
    call trap_handle
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r11
    pop r10
    pop r9
    pop r8
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    add rsp, 8                          ; the vector
    mov qword [rsp], 0                  ; the error code: now iret flags
    jmp hypercall_page + IRET_STUB

; access_read - read a word that may not be there.
;
; in   rdi  address to read          rsi  where the value goes
; out  al   1, or 0 if the read faulted
; clobbers rax
access_read:
access_read_at:
    mov rax, [rdi]
    mov [rsi], rax
    mov eax, 1
    ret

; access_write - write a word that may not be writable.
;
; in   rdi  address to write         rsi  value
; out  al   1, or 0 if the write faulted
; clobbers rax
access_write:
access_write_at:
    mov [rdi], rsi
    mov eax, 1
    ret

access_failed:                          ; trap.c continues here on a fault
    xor eax, eax
    ret

; user_run - enter guest user mode, and come back when user_stop is called.
;
; in   rdi  rip of the user program  rsi  its stack pointer
;      rdx  first argument (rdi) of the program
; out  rax  the value given to user_stop
; The stack that user_stop comes back to (lowest address first):
;      r15, r14, r13, r12, rbp, rbx, return address
user_run:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [user_return_stack], rsp
    and rsp, -16
    push SELECTOR_USER_STACK
    push rsi
    push FLAGS_USER
    push SELECTOR_USER_CODE
    push rdi
    push 0                              ; iret flags
    mov rdi, rdx
    xor eax, eax                        ; show the user nothing of ours
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor ebx, ebx
    xor ebp, ebp
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    xor r11d, r11d
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    jmp hypercall_page + IRET_STUB

; user_stop - leave a trap of the user program and return from user_run.
;
; in   rdi  the value that user_run returns
user_stop:
    mov rax, rdi
    mov rsp, [user_return_stack]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

    section .bss nobits alloc noexec write align=8

user_return_stack:
    resq 1

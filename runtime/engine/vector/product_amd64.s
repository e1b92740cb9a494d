#include "textflag.h"

// func productsAVX2(query *int16, values int, rows *byte, width int, out *int32, n int)
//
// Of each row it adds up, in two times eight lanes, the products of 32 values at a
// time and of the last 16, and then the lanes.
TEXT ·productsAVX2(SB), NOSPLIT, $0-48
	MOVQ query+0(FP), SI
	MOVQ values+8(FP), DX
	MOVQ rows+16(FP), DI
	MOVQ width+24(FP), R8
	MOVQ out+32(FP), R9
	MOVQ n+40(FP), CX
	MOVQ DX, R11
	SUBQ $32, R11

row:
	TESTQ CX, CX
	JZ    done
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	XORQ  AX, AX

pairs:
	CMPQ      AX, R11
	JGT       last
	VPMOVSXBW (DI)(AX*1), Y2
	VPMOVSXBW 16(DI)(AX*1), Y3
	VPMADDWD  (SI)(AX*2), Y2, Y2
	VPMADDWD  32(SI)(AX*2), Y3, Y3
	VPADDD    Y2, Y0, Y0
	VPADDD    Y3, Y1, Y1
	ADDQ      $32, AX
	JMP       pairs

last:
	CMPQ      AX, DX
	JGE       sum
	VPMOVSXBW (DI)(AX*1), Y2
	VPMADDWD  (SI)(AX*2), Y2, Y2
	VPADDD    Y2, Y0, Y0

sum:
	VPADDD       Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0x4E, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xB1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, (R9)
	ADDQ         $4, R9
	ADDQ         R8, DI
	DECQ         CX
	JMP          row

done:
	VZEROUPPER
	RET

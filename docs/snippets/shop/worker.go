// SPDX-License-Identifier: Apache-2.0

// Package shop is the application whose start-up report docs/context.md shows.
package shop

type (
	Worker    struct{}
	PriceList struct{}
)

func NewWorker(prices *PriceList) *Worker { return &Worker{} }

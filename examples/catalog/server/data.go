// SPDX-License-Identifier: Apache-2.0

package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed products.json
var productsJSON []byte

// loadProducts reads the embedded data file. That it can be read is a matter
// of the build: a test does.
func loadProducts() []Product {
	list, err := parseProducts(productsJSON)
	if err != nil {
		return nil
	}
	return list
}

func parseProducts(data []byte) ([]Product, error) {
	var list []Product
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("products.json: %w", err)
	}
	return list, nil
}

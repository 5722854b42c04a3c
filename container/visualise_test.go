// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

type repository[T any] struct{}

func newRepository[T any]() *repository[T] { return &repository[T]{} }

// graphs are applications to draw.
var graphs = map[string]func(app *container.ApplicationContext){
	"of all kinds": func(app *container.ApplicationContext) {
		app.RegisterPostProcessor(&processor{})
		app.Install(container.Module{Name: "shop", Configure: func(app *container.ApplicationContext) {
			app.Register(newEnglish, container.Lazy())
			app.Register(func(container.Provider[*english], *repository[person]) *person { return &person{} },
				container.DependsOn("server"))
		}})
		app.Register(newRepository[person])
		app.Register(newFrench, container.Prototype(), container.Named(`"the" <French> & #1 [`))
		app.Register(func(*french) *probe { return &probe{} })
		app.RegisterInstance(&phased{recorder{"server", &journal{}, nil}, 100}, container.Named("server"))
		type connections struct {
			dig.Out
			Engine *engine `name:"main"`
		}
		app.Register(func(*person) connections { return connections{Engine: &engine{}} })
	},
	"that failed": func(app *container.ApplicationContext) {
		app.Register(newEnglish)
		app.Register(func(*english) (*car, error) { return nil, errors.New("no petrol") })
		app.Register(func(*car) *house { return &house{} })
	},
	"without a bean": func(app *container.ApplicationContext) { app.Register(newChoir) },
}

func TestGraphs(t *testing.T) {
	for name, register := range graphs {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			register(app)
			if err := app.Start(context.Background()); err == nil {
				t.Cleanup(func() { _ = app.Stop(context.Background()) })
			}
			graph, file := app.Graph(), strings.ReplaceAll(name, " ", "-")
			goldenFile(t, filepath.Join("graphs", file+".dot"), graph.DOT())
			goldenFile(t, filepath.Join("graphs", file+".mmd"), graph.Mermaid())
			if _, err := json.Marshal(graph); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAGraphCanBeDrawnBeforeTheStart(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	app.Register(func(*english) *person { return &person{} })
	graph := app.Graph()
	if len(graph.Nodes) != 2 || graph.Nodes[0].State != container.NodeNotBuilt || len(graph.Edges) != 1 ||
		graph.Edges[0] != (container.GraphEdge{From: "person", To: "english", Kind: container.EdgeNeeds}) {
		t.Errorf("graph %+v", graph)
	}
}

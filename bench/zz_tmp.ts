import { Effect } from "effect"
import { Journal } from "/work/main/src/actors/index.js"
import * as MemoryStore from "/work/main/src/layers/stores/memory/MemoryStore.js"
import { CloudEvent, encodeStructured, NamespaceName, Sequence } from "/work/main/src/domain/index.js"
const ns = NamespaceName.make("a")
const N = 1_000_000, B = 1000
const entries = Array.from({length:N},(_,i)=>{ const event = {specversion:"1.0",id:`id-${i}`,source:"/bench",type:"a.b",data:{n:i}} as unknown as CloudEvent; return {namespace: ns, event, json: encodeStructured(event)} })
const prog = Effect.gen(function*(){
  const j = yield* Journal
  for (let round=0; round<3; round++) {
    const names = NamespaceName.make(`n${round}`)
    const es = entries.map(e=>({...e, namespace:names}))
    const t0=performance.now()
    for (let i=0;i<N;i+=B) yield* j.append(es.slice(i,i+B), i)
    const t1=performance.now()
    let after = Sequence.make(0), n=0
    for(;;){ const p = yield* j.read({namespace:names, after, limit:1000, maxBytes:1e9}); if(p.length===0)break; n+=p.length; after=p[p.length-1]!.sequence }
    const t2=performance.now()
    while((yield* j.trim(names, Sequence.make(N), 1000))>0);
    const t3=performance.now()
    console.log(`append ${(N/(t1-t0)*1000/1e6).toFixed(2)}M/s read ${(n/(t2-t1)*1000/1e6).toFixed(2)}M/s trim ${(N/(t3-t2)*1000/1e6).toFixed(2)}M/s heap ${(process.memoryUsage().heapUsed/1e6)|0}MB`)
  }
})
await Effect.runPromise(Effect.provide(prog, MemoryStore.layer))

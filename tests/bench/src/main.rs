//! scratch
#![allow(clippy::print_stdout, clippy::print_stderr)]
mod child; mod load; mod proc; mod relay; mod rows; mod stats; mod wire;
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|a| a=="relay") {
        let l = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        child::announce(&child::Ready{addr:l.local_addr()?,channels:vec![],codes:vec![]})?;
        tokio::select!{ r = relay::serve(args[2].parse::<std::path::PathBuf>()?.join("relay.db"), l) => r?, _ = child::until_parent_leaves()=>{} }
        return Ok(());
    }
    proc::raise_descriptor_limit()?;
    let dir = tempfile::tempdir()?;
    let p = child::Process::start(&["relay"], dir.path()).await?;
    let meter = std::sync::Arc::new(wire::Meter::default());
    let mut ops=vec![]; for _ in 0..50 { ops.push(wire::Operator::relay(p.ready.addr, meter.clone()).await?); }
    for (rate,fan) in [(Some(200.0),10),(Some(1000.0),10),(None,1),(None,10),(None,50)] {
        let mut v=vec![]; for i in 0..50 { v.push(wire::Visitor::post(p.ready.addr, i, fan).await?); }
        let (o,_) = load::drive(&meter, v, p.pid(), load::Plan{rate,seconds:3.0,fan}).await?;
        println!("{rate:?} {fan} {o:?}");
    }
    p.stop().await
}

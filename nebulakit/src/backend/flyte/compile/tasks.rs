//! Tasks as they are registered.

use nebulakit_types::wire::flyteidl::admin::{Description, DescriptionEntity, DescriptionFormat, TaskSpec, description};
use nebulakit_types::wire::flyteidl::core::{TaskTemplate, task_template};

use super::ids;
use super::options::Options;
use crate::task::def::TaskDef;

/// A task and its documentation.
pub(super) fn spec(task: &'static TaskDef, options: &Options) -> TaskSpec {
    TaskSpec { template: Some(template(task, task.name(), options)), description: documented(task.doc()) }
}

/// The key under which the template of a dynamic task with an image of its own says which image all others run in.
pub(super) const IMAGE: &str = "nebulakit.image";

/// A task by the name of `name`, in the image that it says itself or that all tasks run in.
pub(super) fn template(task: &'static TaskDef, name: &str, options: &Options) -> TaskTemplate {
    let own_image = task.options().image;
    let mut template = registered(task.template(&options.binary), name, own_image.unwrap_or(&options.image), options);
    if task.is_dynamic() {
        template.custom = options.references.to_custom();
    }
    if task.is_dynamic() && own_image.is_some() {
        template.config.insert(IMAGE.to_owned(), options.image.clone());
    }
    template
}

/// A template with its id, in `image` if it has none.
pub(super) fn registered(template: TaskTemplate, name: &str, image: &str, options: &Options) -> TaskTemplate {
    let mut template = TaskTemplate { id: Some(ids::task(options, name)), ..template };
    if let Some(task_template::Target::Container(container)) = &mut template.target
        && container.image.is_empty()
    {
        image.clone_into(&mut container.image);
    }
    template
}

/// What a doc comment says, if it says anything: its first paragraph in short, and all of it.
pub(super) fn documented(doc: &str) -> Option<DescriptionEntity> {
    let doc = doc.trim();
    let short = doc.split("\n\n").next().unwrap_or_default().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    (!doc.is_empty()).then(|| DescriptionEntity {
        short_description: short,
        long_description: Some(Description {
            content: Some(description::Content::Value(doc.to_owned())),
            format: DescriptionFormat::Markdown.into(),
            icon_link: String::new(),
        }),
        ..DescriptionEntity::default()
    })
}
